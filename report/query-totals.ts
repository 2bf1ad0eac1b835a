// Queries over several days: the listed queries of each day in, one total for each query and the three lists of them out.

import { addCounts, type Counts, ratiosOf, SEARCH_COUNTS } from '../functions/domain/results/counts.ts'
import type { QueryList, QueryRollup } from '../functions/domain/results/top-queries.ts'

export interface QueryTotal {
  readonly query: string
  /** Days that list it. What it had on other days is not known and not in the counts. */
  readonly days: number
  /** One that went on past midnight counts on both days. */
  readonly sessions: number
  readonly counts: Counts
  readonly ratios: ReturnType<typeof ratiosOf>
}

export type QueryTotals = Readonly<Record<QueryList, readonly QueryTotal[]>>

interface Sum {
  days: number
  sessions: number
  counts: Counts
}

/**
 * A query that several lists of a day hold is taken once, since they say the same of it. A query is in a list by its
 * total: one that was clicked on any day that lists it is not "without click".
 *
 * @param rowsMax of each list.
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
  const all = [...sums].map(([query, sum]) => ({ query, ...sum, ratios: ratiosOf(sum.counts) }))
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
