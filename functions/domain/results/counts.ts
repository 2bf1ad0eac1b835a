// Names the counts that result rows add up to, and adds such counts.

import { MINUTE_MS, SECOND_MS } from '../durations.ts'

/** The first ten positions are counted one by one, later ones in ranges. */
export const POSITIONS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const

/** The ranges of times to the first click, with their upper ends, inclusive. The last has none. */
export const FIRST_CLICK_RANGES = [
  ['first_clicks_to_1s', SECOND_MS],
  ['first_clicks_to_2s', 2 * SECOND_MS],
  ['first_clicks_to_5s', 5 * SECOND_MS],
  ['first_clicks_to_10s', 10 * SECOND_MS],
  ['first_clicks_to_30s', 30 * SECOND_MS],
  ['first_clicks_to_1m', MINUTE_MS],
  ['first_clicks_to_5m', 5 * MINUTE_MS],
  ['first_clicks_later', Number.POSITIVE_INFINITY],
] as const

/** The ranges of session durations, likewise. */
export const SESSION_RANGES = [
  ['sessions_to_10s', 10 * SECOND_MS],
  ['sessions_to_1m', MINUTE_MS],
  ['sessions_to_5m', 5 * MINUTE_MS],
  ['sessions_to_15m', 15 * MINUTE_MS],
  ['sessions_to_30m', 30 * MINUTE_MS],
  ['sessions_longer', Number.POSITIVE_INFINITY],
] as const

export const CLICKS_AT = POSITIONS.map((position) => `clicks_at_${position}` as const)
export const SHOWN_AT = POSITIONS.map((position) => `shown_at_${position}` as const)

/** Counts of searches, which exist for each query too. */
export const SEARCH_COUNTS = [
  'searches',
  'searches_with_click',
  'zero_result_searches',
  'searches_with_result_count',
  'abandoned_searches',
  'clicks',
  'clicks_with_position',
  'clicked_position_sum',
  ...CLICKS_AT,
  'clicks_at_11_to_20',
  'clicks_further_down',
  ...SHOWN_AT,
  'first_click_ms_sum',
  ...FIRST_CLICK_RANGES.map(([name]) => name),
  'satisfied_searches',
  'unknown_satisfaction_searches',
  'reformulated_searches',
] as const

/** Searches that showed a result at the position and got a click on it: at most `shown_at_...`. */
export const CLICKED_POSITION_COUNTS = POSITIONS.map((position) => `clicked_at_${position}` as const)

/**
 * Counts of sessions with a search, in the day and hour of their start (R6). Orphan clicks count in
 * sessions without a search, too (R8).
 */
export const SESSION_COUNTS = [
  'sessions',
  'sessions_with_click',
  'orphan_clicks',
  'orphan_clicks_search_elsewhere',
  'orphan_clicks_no_search',
  'session_duration_ms_sum',
  ...SESSION_RANGES.map(([name]) => name),
  'sessions_with_success',
  'searches_to_success_sum',
  'time_to_success_ms_sum',
] as const

/** With all counts of satisfaction, most entries of a query list would pass 1 KB, a write unit. */
const SATISFACTION_COUNTS = ['unsatisfied_searches'] as const

export const COUNTS = [...SEARCH_COUNTS, ...CLICKED_POSITION_COUNTS, ...SATISFACTION_COUNTS, ...SESSION_COUNTS] as const
export type CountName = (typeof COUNTS)[number]

/** An absent count is 0. */
export type Counts = Readonly<Partial<Record<CountName, number>>>

export function addCounts(a: Counts, b: Counts): Counts {
  const sum: Partial<Record<CountName, number>> = { ...a }
  for (const [name, count] of Object.entries(b) as [CountName, number][]) sum[name] = (sum[name] ?? 0) + count
  return sum
}
