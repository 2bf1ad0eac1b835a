// Defines what a watched pipeline reports to the page, whether its stores are tables or in memory.

import type { ClosedSession, ResultRow } from '../functions/domain/results/result.ts'
import type { UserState } from '../functions/domain/sessions/user-state.ts'

/**
 * Gets what the pipeline stores, in the order of its writes. It may get the same write twice, and
 * it ignores an older version after a newer one.
 */
export interface PipelineObserver {
  onState(user: string, state: UserState): void
  onClosed(closed: ClosedSession): void
  /** The session merged into another one, or its user was forgotten. */
  onTombstone(user: string, id: string): void
  onRow(row: ResultRow): void
}

/** The pipeline's clock, by which sessions become due. It shows arrival times. */
export interface WatchedClock {
  readonly nowMs: number
  /** How many times faster than real time it runs; 0 while it stands still. */
  readonly speed: number
}
