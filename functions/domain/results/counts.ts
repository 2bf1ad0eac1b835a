// Computes the counts that result rows add up to, and the ratios of those sums.

import { MINUTE_MS, SECOND_MS } from '../durations.ts'
import { lastOf, type NonEmpty } from '../non-empty.ts'
import type { ClicksRow, SearchRow, SessionRow } from './result.ts'

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

/**
 * Positions above this are taken for a producer's mistake and left out, because they would spoil
 * the averages.
 */
const POSITION_MAX = 10_000

const CLICKS_AT = POSITIONS.map((position) => `clicks_at_${position}` as const)
const SHOWN_AT = POSITIONS.map((position) => `shown_at_${position}` as const)

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
] as const

export const COUNTS = [...SEARCH_COUNTS, ...CLICKED_POSITION_COUNTS, ...SESSION_COUNTS] as const
export type CountName = (typeof COUNTS)[number]

/** An absent count is 0. */
export type Counts = Readonly<Partial<Record<CountName, number>>>
type RunningCounts = Partial<Record<CountName, number>>

type OrphanCount = 'orphan_clicks' | 'orphan_clicks_search_elsewhere' | 'orphan_clicks_no_search'
export type CountedSearch = Pick<
  SearchRow,
  'kind' | 'clicked' | 'clicks' | 'zero_results' | 'result_count' | 'clicked_positions' | 'time_to_first_click_ms'
>
type CountedSession = Pick<SessionRow, 'kind' | 'searches_with_click' | 'duration_ms' | OrphanCount>
/** The columns of a row that sums count. */
export type CountedRow = CountedSearch | CountedSession | Pick<ClicksRow, 'kind' | OrphanCount>

/** Sums rows one by one, so that an hour can be read in pages. */
export class CountSum {
  readonly #counts: RunningCounts

  constructor(counts: Counts = {}) {
    this.#counts = { ...counts }
  }

  get counts(): Counts {
    return this.#counts
  }

  add(row: CountedRow): void {
    if (row.kind === 'search') this.#addSearch(row)
    else if (row.kind === 'session') this.#addSession(row)
    else this.#addOrphans(row)
  }

  /**
   * Counts one search. It was clicked, found nothing, or was abandoned: it got no click, and it is
   * not known to have found nothing. A search that found nothing may still be clicked, on an item
   * of an earlier search.
   */
  #addSearch(row: CountedSearch): void {
    const positions = positionsOf(row)
    this.#count('searches', 1)
    this.#count('searches_with_click', row.clicked)
    this.#count('zero_result_searches', row.zero_results)
    this.#count('searches_with_result_count', row.result_count === null ? 0 : 1)
    this.#count('abandoned_searches', row.clicked === 0 && row.zero_results === 0 ? 1 : 0)
    this.#count('clicks', row.clicks)
    this.#count('clicks_with_position', positions.length)
    this.#count(
      'clicked_position_sum',
      positions.reduce((sum, position) => sum + position, 0),
    )
    for (const position of positions) this.#count(clicksAt(position), 1)
    const shown = Math.min(row.result_count ?? 0, POSITIONS.length)
    for (let n = 0; n < shown; n++) {
      this.#count(SHOWN_AT[n] as CountName, 1)
      if (positions.includes(n + 1)) this.#count(CLICKED_POSITION_COUNTS[n] as CountName, 1)
    }
    if (row.time_to_first_click_ms !== null) {
      this.#count('first_click_ms_sum', row.time_to_first_click_ms)
      this.#count(rangeOf(FIRST_CLICK_RANGES, row.time_to_first_click_ms), 1)
    }
  }

  #addSession(row: CountedSession): void {
    this.#count('sessions', 1)
    this.#count('sessions_with_click', row.searches_with_click > 0 ? 1 : 0)
    this.#addOrphans(row)
    this.#count('session_duration_ms_sum', row.duration_ms)
    this.#count(rangeOf(SESSION_RANGES, row.duration_ms), 1)
  }

  #addOrphans(row: Pick<SessionRow, OrphanCount>): void {
    this.#count('orphan_clicks', row.orphan_clicks)
    this.#count('orphan_clicks_search_elsewhere', row.orphan_clicks_search_elsewhere)
    this.#count('orphan_clicks_no_search', row.orphan_clicks_no_search)
  }

  #count(name: CountName, count: number): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + count
  }
}

function positionsOf({ clicked_positions: sent }: CountedSearch): number[] {
  if (sent === '') return []
  return sent
    .split(',')
    .map(Number)
    .filter((position) => position <= POSITION_MAX)
}

function clicksAt(position: number): CountName {
  const name = CLICKS_AT[position - 1]
  if (name !== undefined) return name
  return position <= 20 ? 'clicks_at_11_to_20' : 'clicks_further_down'
}

function rangeOf<Name>(ranges: NonEmpty<readonly [Name, number]>, value: number): Name {
  const [name] = ranges.find(([, end]) => value <= end) ?? lastOf(ranges)
  return name
}

export function addCounts(a: Counts, b: Counts): Counts {
  const sum: Partial<Record<CountName, number>> = { ...a }
  for (const [name, count] of Object.entries(b) as [CountName, number][]) sum[name] = (sum[name] ?? 0) + count
  return sum
}

/** The ratios of sums (R7). A ratio of nothing is null. */
export function ratiosOf(counts: Counts) {
  const ratio = (part: CountName, whole: CountName): number | null =>
    counts[whole] ? (counts[part] ?? 0) / counts[whole] : null
  return {
    ctr: ratio('searches_with_click', 'searches'),
    clicks_per_search: ratio('clicks', 'searches'),
    zero_result_rate: ratio('zero_result_searches', 'searches'),
    abandonment_rate: ratio('abandoned_searches', 'searches'),
    average_clicked_position: ratio('clicked_position_sum', 'clicks_with_position'),
    average_time_to_first_click_ms: ratio('first_click_ms_sum', 'searches_with_click'),
  }
}

export function sessionRatiosOf(counts: Counts) {
  const { sessions, sessions_with_click: clicked = 0, session_duration_ms_sum: durationMs = 0 } = counts
  return {
    session_ctr: sessions ? clicked / sessions : null,
    average_session_duration_ms: sessions ? durationMs / sessions : null,
  }
}
