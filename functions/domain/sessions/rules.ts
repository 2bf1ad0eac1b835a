// Defines the settings that decide which sessions a pipeline computes.

/**
 * How an event behind its user's watermark is handled: it amends a closed session, or is diverted.
 */
export type LateEvents = 'amend' | 'divert'

export interface Rules {
  /** The longest pause inside a session. A pause of exactly this still joins. */
  readonly gapMs: number
  /** How far a user's watermark trails the newest event (Flink's bounded out-of-orderness). */
  readonly latenessMs: number
  /** How far behind the watermark an event may be and still amend a closed session. */
  readonly amendForMs: number
  readonly lateEvents: LateEvents
  /** Ingest rejects an event further ahead of its arrival, since it would move the watermark. */
  readonly maxClockSkewMs: number
  /** Ingest rejects an event with an earlier time, which must be a mistake (E4). */
  readonly minEventTimeMs: number
  /** Which UBI applications count the ordinals of clicks from 0 (R4a). */
  readonly ubiOrdinalsFrom: string
  readonly maxSessionEvents: number
  /** The longest time from a session's first event to its last. Exactly this still fits. */
  readonly maxSessionDurationMs: number
  /**
   * How long the rows of a session are stored. The user's clock and version last longer, so that an
   * older event is too late as long as it could change a row.
   */
  readonly resultRetentionMs: number
}
