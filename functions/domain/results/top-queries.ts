// Ranks the queries of a day: most asked, never clicked, and without results.

import { distinctCounter } from '../distinct-counter.ts'
import { type CountedSearch, CountSum } from './count-sum.ts'
import { type CountName, type Counts, SEARCH_COUNTS } from './counts.ts'
import { ratiosOf } from './ratios.ts'
import type { SearchRow } from './result.ts'
import { foldQuery, ROLLUP_SCHEMA } from './rollup.ts'

export const QUERY_LISTS = ['top', 'without_click', 'without_results'] as const
export type QueryList = (typeof QUERY_LISTS)[number]

/** The length of each list. */
export const RANKS_MAX = 1000

type SearchCount = (typeof SEARCH_COUNTS)[number]

export interface QueryRollup extends Readonly<Record<SearchCount, number>>, ReturnType<typeof ratiosOf> {
  /** `rollup#queries#<day>` */
  readonly pk: string
  /** `<list>#<rank>`, the rank in four digits. */
  readonly sk: string
  readonly kind: 'query'
  readonly schema: typeof ROLLUP_SCHEMA
  readonly day: string
  readonly list: QueryList
  /** From 1. */
  readonly rank: number
  /** As `foldQuery` writes it. */
  readonly query: string
  /** Sessions in which the query was asked. A session with two queries counts for each. */
  readonly sessions: number
}

/** The columns of a search that a ranking reads. */
export type RankedSearch = CountedSearch & Pick<SearchRow, 'pk' | 'session_id' | 'query'>

export interface QueryTally {
  readonly query: string
  readonly counts: Counts
  readonly sessions: number
}

/** More sessions of one query are counted within a percent, since each id takes memory. */
const SESSIONS_EXACT_MAX = 100_000
/** One key of the hour index holds more queries than this only if a robot makes them up. */
const QUERIES_MAX = 100_000

/**
 * Sums search rows by folded query. Rows are added one by one, so a day can be read in pages. It
 * leaves out queries beyond the first 100,000.
 */
export class QueryTallies {
  readonly #tallies = new Map<string, { readonly sum: CountSum; readonly sessions: SessionCounter }>()

  add(row: RankedSearch): void {
    const query = foldQuery(row.query)
    let tally = this.#tallies.get(query)
    if (tally === undefined) {
      if (this.#tallies.size === QUERIES_MAX) return
      tally = { sum: new CountSum(), sessions: new SessionCounter() }
      this.#tallies.set(query, tally)
    }
    tally.sum.add(row)
    tally.sessions.add(`${row.pk} ${row.session_id}`)
  }

  all(): QueryTally[] {
    return [...this.#tallies].map(([query, { sum, sessions }]) => {
      return { query, counts: sum.counts, sessions: sessions.count() }
    })
  }
}

/** Counts the sessions of one query, in at most some 25 MB. */
class SessionCounter {
  #ids: Set<string> | null = new Set()
  #counter: ReturnType<typeof distinctCounter> | undefined

  add(id: string): void {
    if (this.#ids === null) {
      this.#counter?.add(id)
      return
    }
    this.#ids.add(id)
    if (this.#ids.size <= SESSIONS_EXACT_MAX) return
    const counter = distinctCounter()
    for (const each of this.#ids) counter.add(each)
    this.#counter = counter
    this.#ids = null
  }

  count(): number {
    return this.#ids?.size ?? this.#counter?.count() ?? 0
  }
}

/** The count that orders each list, highest first. A query with 0 is not in the list. */
const MEASURES: Readonly<Record<QueryList, (counts: Counts) => number>> = {
  top: ({ searches = 0 }) => searches,
  // Only queries that got no click all day. A query with few clicks is another problem.
  without_click: ({ searches = 0, searches_with_click: clicked = 0 }) => (clicked === 0 ? searches : 0),
  without_results: ({ zero_result_searches: empty = 0 }) => empty,
}

/**
 * Selects the best tallies of each list. A day can be ranked in parts, because the best of all
 * parts' best are the best of the day.
 */
export function bestQueries(tallies: readonly QueryTally[]): QueryTally[] {
  const best = QUERY_LISTS.flatMap((list) => ranked(tallies, list))
  return [...new Set(best)]
}

export function queryRollups(day: string, tallies: readonly QueryTally[]): QueryRollup[] {
  return QUERY_LISTS.flatMap((list) => ranked(tallies, list).map((tally, n) => queryRollup(day, list, n + 1, tally)))
}

function ranked(tallies: readonly QueryTally[], list: QueryList): QueryTally[] {
  const measure = MEASURES[list]
  return tallies
    .filter(({ counts }) => measure(counts) > 0)
    .sort((a, b) => measure(b.counts) - measure(a.counts) || (a.query < b.query ? -1 : 1))
    .slice(0, RANKS_MAX)
}

export function queriesPartition(day: string): string {
  return `rollup#queries#${day}`
}

function queryRollup(day: string, list: QueryList, rank: number, { query, counts, sessions }: QueryTally): QueryRollup {
  const all = Object.fromEntries(SEARCH_COUNTS.map((name: CountName) => [name, counts[name] ?? 0]))
  return {
    pk: queriesPartition(day),
    sk: `${list}#${String(rank).padStart(4, '0')}`,
    kind: 'query',
    schema: ROLLUP_SCHEMA,
    day,
    list,
    rank,
    query,
    sessions,
    ...(all as Record<SearchCount, number>),
    ...ratiosOf(counts),
  }
}
