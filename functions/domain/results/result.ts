// Defines a closed session and the rows that users query (R4-R8, M1-M3).

import type { Labels } from '../events/event.ts'
import type { CloseReason } from '../sessions/clock.ts'
import type { Session } from '../sessions/session.ts'

export interface ClosedSession {
  readonly user: string
  readonly session: Session
  readonly reason: CloseReason
  /** The version of the user's state that the session closed from. It grows with every closing. */
  readonly version: number
}

interface RowKey {
  /** `user#<user>` */
  readonly pk: string
  /** `search#<time>#<searchId or eventId>` (see `searchKey`) or `session#<sessionId>`. */
  readonly sk: string
}

/** Counts of clicks by the evidence for their search (R3). */
interface EvidenceCounts {
  readonly clicks_by_search_id: number
  readonly clicks_by_item: number
  readonly clicks_by_order: number
}

/** Raised when a column changes its meaning. A new column does not raise it. */
export const ROW_SCHEMA = 1

/** Counts of clicks that belong to no search of their session, together and by cause (R8). */
interface OrphanCounts {
  readonly orphan_clicks: number
  readonly orphan_clicks_search_elsewhere: number
  readonly orphan_clicks_no_search: number
}

interface CommonRow extends RowKey {
  readonly schema: typeof ROW_SCHEMA
  readonly user: string
  readonly session_id: string
  /** UTC, `YYYY-MM-DD`, of the search's own time or of the session's start. */
  readonly day: string
  /** UTC, 0 to 23. */
  readonly hour: number
  readonly version: number
}

/**
 * Whether a search with a click satisfied its user (M2). Unknown: no click is known to have
 * satisfied, and the time that the user spent after one of them is not known.
 */
export type Satisfaction = 'satisfied' | 'unknown' | 'unsatisfied'

export interface SearchRow extends CommonRow, EvidenceCounts {
  readonly kind: 'search'
  readonly search_id: string | null
  readonly event_id: string
  readonly time: string
  readonly query: string
  /** True where the query is longer than the stored part. */
  readonly query_truncated: boolean
  /** 1 or 0: the click-through rate of one search. */
  readonly clicked: 0 | 1
  readonly clicks: number
  readonly distinct_items_clicked: number
  /** Null while the search has no Results. */
  readonly result_count: number | null
  readonly zero_results: 0 | 1
  /** 1-based positions in click order, joined by commas. Clicks without a position are left out. */
  readonly clicked_positions: string
  readonly first_click_position: number | null
  /** 0 where clocks disagree and the click seems to come before its search. */
  readonly time_to_first_click_ms: number | null
  /** Null without a click. */
  readonly satisfaction: Satisfaction | null
  readonly satisfied_clicks: number
  /** Clicks that no later Search, click or AppClose of the session follows (M1). */
  readonly unknown_dwell_clicks: number
  /** 1 where the user soon asked for something else, and was not satisfied (M3). */
  readonly reformulated: 0 | 1
  /**
   * The labels of the search that the setting `segments` names (M4). Absent where it has none of
   * them.
   */
  readonly labels?: Labels
}

/** The columns that both rows of a session have. */
interface SessionColumns extends CommonRow, OrphanCounts {
  readonly start: string
  readonly end: string
  readonly duration_ms: number
  readonly close_reason: CloseReason
  readonly continues_session_id: string | null
}

export interface SessionRow extends SessionColumns, EvidenceCounts {
  readonly kind: 'session'
  readonly events: number
  readonly searches: number
  readonly searches_with_click: number
  readonly clicks: number
  readonly zero_result_searches: number
  /** Searches whose result count is known: not null. */
  readonly searches_with_result_count: number
  /** Searches with a click / searches. */
  readonly ctr: number
  /** Clicks / searches; may pass 1. */
  readonly clicks_per_search: number
  readonly satisfied_searches: number
  readonly unknown_satisfaction_searches: number
  readonly unsatisfied_searches: number
  readonly reformulated_searches: number
  /** The number of the first satisfied search, from 1 in order of time. */
  readonly searches_to_success: number | null
  /** From the first search to the first satisfied click. 0 where clocks disagree. */
  readonly time_to_success_ms: number | null
}

/**
 * Counts the clicks of a session without a search. The session is in no other count (R8). The row
 * has the key of a session row, so that a search that amends the session replaces it.
 */
export interface ClicksRow extends SessionColumns {
  readonly kind: 'clicks'
}

export type ResultRow = SearchRow | SessionRow | ClicksRow

export function rowPartition(user: string): string {
  return `user#${user}`
}

/** When the search or session began, in epoch milliseconds. */
export function rowTime(row: ResultRow): number {
  return Date.parse(row.kind === 'search' ? row.time : row.start)
}
