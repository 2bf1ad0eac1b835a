// Sums result rows into counts, one row at a time.

import { lastOf, type NonEmpty } from '../non-empty.ts'
import {
  CLICKED_POSITION_COUNTS,
  CLICKS_AT,
  type CountName,
  type Counts,
  FIRST_CLICK_RANGES,
  POSITIONS,
  SESSION_RANGES,
  SHOWN_AT,
} from './counts.ts'
import type { ClicksRow, Satisfaction, SearchRow, SessionRow } from './result.ts'

/**
 * Positions above this are taken for a producer's mistake and left out, because they would spoil
 * the averages.
 */
const POSITION_MAX = 10_000

type RunningCounts = Partial<Record<CountName, number>>
type OrphanCount = 'orphan_clicks' | 'orphan_clicks_search_elsewhere' | 'orphan_clicks_no_search'
export type CountedSearch = Pick<
  SearchRow,
  'kind' | 'clicks' | 'result_count' | 'clicked_positions' | 'time_to_first_click_ms' | 'satisfaction' | 'reformulated'
>
type CountedSession = Pick<
  SessionRow,
  'kind' | 'searches_with_click' | 'duration_ms' | 'searches_to_success' | 'time_to_success_ms' | OrphanCount
>
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
    this.#count('searches_with_click', row.clicks > 0 ? 1 : 0)
    this.#count('zero_result_searches', row.result_count === 0 ? 1 : 0)
    this.#count('searches_with_result_count', row.result_count === null ? 0 : 1)
    this.#count('abandoned_searches', row.clicks === 0 && row.result_count !== 0 ? 1 : 0)
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
    if (row.satisfaction !== null) this.#count(SATISFACTION_COUNT[row.satisfaction], 1)
    this.#count('reformulated_searches', row.reformulated)
  }

  #addSession(row: CountedSession): void {
    this.#count('sessions', 1)
    this.#count('sessions_with_click', row.searches_with_click > 0 ? 1 : 0)
    this.#addOrphans(row)
    this.#count('session_duration_ms_sum', row.duration_ms)
    this.#count(rangeOf(SESSION_RANGES, row.duration_ms), 1)
    this.#count('sessions_with_success', row.searches_to_success === null ? 0 : 1)
    this.#count('searches_to_success_sum', row.searches_to_success ?? 0)
    this.#count('time_to_success_ms_sum', row.time_to_success_ms ?? 0)
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

const SATISFACTION_COUNT = {
  satisfied: 'satisfied_searches',
  unknown: 'unknown_satisfaction_searches',
  unsatisfied: 'unsatisfied_searches',
} as const satisfies Record<Satisfaction, CountName>

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
