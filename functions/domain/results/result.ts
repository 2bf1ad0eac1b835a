// What a closed session and its rows are (R4-R7), which users query: a user or a row in, its partition or its time out.

import type { CloseReason } from '../sessions/clock.ts'
import type { Session } from '../sessions/session.ts'

export interface ClosedSession {
  readonly user: string
  readonly session: Session
  readonly reason: CloseReason
  /** The user's state version that it was closed from; grows with every closing of any session of the user. */
  readonly version: number
}

interface RowKey {
  /** `user#<user>` */
  readonly pk: string
  /** `search#<time>#<searchId or eventId>` (see `searchKey` of result-rows.ts) or `session#<sessionId>` */
  readonly sk: string
}

/** Counts of clicks by what tied them to their search (R3). */
interface EvidenceCounts {
  readonly clicks_by_search_id: number
  readonly clicks_by_item: number
  readonly clicks_by_order: number
}

/** Raised when a column changes its meaning; a new column needs no new one. Rows from before it was written are of 1. */
export const ROW_SCHEMA = 1

interface CommonRow extends RowKey, EvidenceCounts {
  readonly schema: typeof ROW_SCHEMA
  readonly user: string
  readonly session_id: string
  /** UTC, `YYYY-MM-DD`, of the search's own time or of the session's start. */
  readonly day: string
  /** UTC, 0 to 23. */
  readonly hour: number
  readonly clicks: number
  readonly version: number
}

export interface SearchRow extends CommonRow {
  readonly kind: 'search'
  readonly search_id: string | null
  readonly event_id: string
  readonly time: string
  readonly query: string
  /** True where the query was longer than is kept. */
  readonly query_truncated: boolean
  /** 1 or 0: the click-through rate of one search. */
  readonly clicked: 0 | 1
  readonly distinct_items_clicked: number
  /** Null while no Results was seen. */
  readonly result_count: number | null
  readonly zero_results: 0 | 1
  /** 1-based, in the order of the clicks, joined by commas; clicks without a known position are left out. */
  readonly clicked_positions: string
  readonly first_click_position: number | null
  /** 0 where clocks disagree and the click seems to come before its search. */
  readonly time_to_first_click_ms: number | null
}

export interface SessionRow extends CommonRow {
  readonly kind: 'session'
  readonly start: string
  readonly end: string
  readonly duration_ms: number
  readonly events: number
  readonly searches: number
  readonly searches_with_click: number
  readonly orphan_clicks: number
  readonly zero_result_searches: number
  /** Searches with a click / searches. */
  readonly ctr: number
  /** Clicks / searches; may pass 1. */
  readonly clicks_per_search: number
  readonly close_reason: CloseReason
  readonly continues_session_id: string | null
}

export type ResultRow = SearchRow | SessionRow

export function rowPartition(user: string): string {
  return `user#${user}`
}

/** When the search or the session began. */
export function rowTime(row: ResultRow): number {
  return Date.parse(row.kind === 'search' ? row.time : row.start)
}
