// Sums the listed queries of several days and makes the three lists of a report.

import { addCounts, type Counts, SEARCH_COUNTS } from '../functions/domain/results/counts.ts'
import { ratiosOf, satisfactionRatiosOf } from '../functions/domain/results/ratios.ts'
import type { QueryList, QueryRollup } from '../functions/domain/results/top-queries.ts'

export interface QueryTotal {
  readonly query: string
  /** The number of days that list the query. The counts leave out all other days. */
  readonly days: number
  /** A session that passes midnight counts on both days. */
  readonly sessions: number
  readonly counts: Counts
  readonly ratios: ReturnType<typeof ratiosOf> & ReturnType<typeof satisfactionRatiosOf>
}

export type QueryTotals = Readonly<Record<QueryList, readonly QueryTotal[]>>

interface Sum {
  days: number
  sessions: number
  counts: Counts
}

/**
 * Counts a query once for each day, even if several lists of the day hold it. The totals decide
 * which list a query is in: one with a click on any day is not in `without_click`.
 *
 * @param rowsMax the most queries in each list.
 */
export function totalQueries(days: readonly (readonly QueryRollup[])[], rowsMax: number): QueryTotals {
  const sums = new Map<string, Sum>()
  for (const rollups of days) {
    for (const rollup of new Map(rollups.map((one) => [one.query, one])).values()) {
      const sum = sums.get(rollup.query) ?? { days: 0, sessions: 0, counts: {} }
      sum.days++
      sum.sessions += rollup.sessions
      sum.counts = addCounts(sum.counts, Object.fromEntries(SEARCH_COUNTS.map((name) => [name, rollup[name]])))
      sums.set(rollup.query, sum)
    }
  }
  const all = [...sums].map(([query, sum]) => ({
    query,
    ...sum,
    ratios: { ...ratiosOf(sum.counts), ...satisfactionRatiosOf(sum.counts) },
  }))
  return {
    top: most(all, rowsMax, ({ searches = 0 }) => searches),
    without_click: most(all, rowsMax, ({ searches = 0, searches_with_click: clicked = 0 }) =>
      clicked === 0 ? searches : 0,
    ),
    without_results: most(all, rowsMax, ({ zero_result_searches: empty = 0 }) => empty),
  }
}

function most(all: readonly QueryTotal[], rowsMax: number, measure: (counts: Counts) => number): QueryTotal[] {
  return all
    .filter(({ counts }) => measure(counts) > 0)
    .sort((a, b) => measure(b.counts) - measure(a.counts) || (a.query < b.query ? -1 : 1))
    .slice(0, rowsMax)
}
