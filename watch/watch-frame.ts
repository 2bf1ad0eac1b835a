// Defines a frame: all that the page shows at a moment, in bounded size.

import type { EventType } from '../functions/domain/events/event.ts'
import type { CloseReason } from '../functions/domain/sessions/clock.ts'
import type { WatchedClock } from './watched-pipeline.ts'

/** Texts of events are truncated. */
export interface WatchFrame {
  readonly clock: WatchedClock
  /** The work of the command at the moment, without its subject. */
  readonly stage: string
  /** The gap and the lateness: how long a session waits for another event. */
  readonly waitMs: number
  readonly figures: readonly WatchFigure[]
  /** The latest first. */
  readonly events: readonly ShownEvent[]
  /** The session that is due first comes first. */
  readonly open: readonly OpenSession[]
  /** The latest closing first. */
  readonly closed: readonly ClosedEntry[]
  /** The latest write first. */
  readonly rows: readonly ShownRow[]
}

export interface WatchFigure {
  readonly name: string
  readonly value: string
  /** The numerator and the denominator in words. */
  readonly parts: string
}

export interface ShownEvent {
  /** Grows with every event. */
  readonly number: number
  /** The number of its session. */
  readonly session: number
  readonly user: string
  readonly timeMs: number
  readonly type: EventType
  /** The query, the item or the number of results; null for other events. */
  readonly text: string | null
}

interface SessionEntry {
  /** Names the session on this page, also while it merges with others or opens again. */
  readonly number: number
  readonly user: string
  readonly events: number
  readonly searches: number
  readonly clicks: number
  /** The latest query; null before the first. */
  readonly query: string | null
}

export interface OpenSession extends SessionEntry {
  /** The moment of the pipeline's clock from which the next sweep closes the session. */
  readonly dueMs: number
}

export interface ClosedEntry extends SessionEntry {
  readonly reason: CloseReason
}

export interface ShownRow {
  readonly number: number
  readonly session: number
  readonly user: string
  readonly timeMs: number
  readonly kind: 'search' | 'session' | 'clicks'
  /** The query of a search; empty for other rows. */
  readonly query: string
  /** Null where unknown, and for rows that are no search. */
  readonly resultCount: number | null
  readonly searches: number
  readonly clicks: number
}
