// The settings that decide what is computed: the numbers of one deployment in, every domain function reads them.

/** What to do with an event behind its user's watermark: amend the closed session, or divert the event. */
export type LateEvents = 'amend' | 'divert'

export interface Rules {
  /** Longest pause inside a session window; a pause of exactly this still joins. */
  readonly gapMs: number
  /** How far a user's watermark trails the newest event time (Flink's bounded out-of-orderness). */
  readonly latenessMs: number
  /** How far behind the watermark an event may be and still amend a closed session. */
  readonly amendForMs: number
  readonly lateEvents: LateEvents
  /** An event further ahead of its arrival than this is rejected, so that it cannot move the clock. */
  readonly maxClockSkewMs: number
  readonly maxSessionEvents: number
  /** Longest time from a session's first event to its last; exactly this still fits. */
  readonly maxSessionDurationMs: number
}
