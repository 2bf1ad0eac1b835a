// Checks the counts and ratios in the summary of a run.

import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import type { Event } from '../../../functions/domain/events/event.ts'
import type { NonEmpty } from '../../../functions/domain/non-empty.ts'
import type { ClosedSession, ResultRow, SearchRow } from '../../../functions/domain/results/result.ts'
import { toRows } from '../../../functions/domain/results/result-rows.ts'
import { summarize, summarizeCapacity, summarizeSearches } from '../../../local/run/summary.ts'
import { at, bare, click, ORIGIN_MS, ROW_RULES, results, search } from '../../support/events.ts'

const TABLES = { sessions: 'Sessions', results: 'Results', deadLetters: 'deadletters' }
const NO_CAPACITY = summarizeCapacity({ writes: new Map(), reads: new Map() }, TABLES)
const NOTHING = { users: 0, forgottenUsers: 0, sessions: 0, events: 0 }

/** The rows of one closed session of these events. */
function rowsOf(user: string, ...events: NonEmpty<Event>): ResultRow[] {
  const closed: ClosedSession = {
    user,
    session: { ids: [`session-of-${user}`], events, continues: null, limitedBy: null },
    reason: 'gap',
    version: 1,
  }
  return toRows(closed, sha256, ROW_RULES)
}

/**
 * Two searches and a click without a search. The first search has two clicks, the second no
 * results.
 */
const ANN = rowsOf(
  'ann',
  click(at(0), 'before'),
  search(at(1), { searchId: 's1' }),
  results(at(2), ['a', 'b'], { searchId: 's1' }),
  click(at(3), 'a', { searchId: 's1' }),
  click(at(4), 'b', { searchId: 's1' }),
  search(at(5), { searchId: 's2' }),
  results(at(6), [], { searchId: 's2' }),
)
/** A search before midnight, clicked, and one after it. */
const BEN = rowsOf(
  'ben',
  search(ORIGIN_MS + DAY_MS - 1, { searchId: 's1' }),
  click(ORIGIN_MS + DAY_MS, 'a', { searchId: 's1' }),
  search(ORIGIN_MS + DAY_MS, { searchId: 's2' }),
)
/** A search without a click. */
const CLEO = rowsOf('cleo', search(at(1)))

function searchesOf(rows: readonly ResultRow[]): SearchRow[] {
  return rows.filter((row): row is SearchRow => row.kind === 'search')
}

describe('an empty summary', () => {
  it('has 0 for every count and null for every ratio', () => {
    expect(summarize(0, [], NOTHING, {}, NO_CAPACITY)).toEqual({
      eventsIn: 0,
      accepted: 0,
      duplicates: 0,
      rejected: {},
      users: 0,
      sessions: 0,
      sessionsWithSearch: 0,
      sessionsWithClick: 0,
      searches: 0,
      searchesWithClick: 0,
      clicks: 0,
      orphanClicks: 0,
      orphanClicksBy: { search_elsewhere: 0, no_search: 0 },
      zeroResultSearches: 0,
      searchesWithResultCount: 0,
      ctr: null,
      clicksPerSearch: null,
      days: {},
      capacity: NO_CAPACITY,
    })
    expect(summarizeSearches([])).toEqual({
      searches: 0,
      searchesWithClick: 0,
      clicks: 0,
      zeroResultSearches: 0,
      ctr: null,
    })
  })

  it('counts a session without a search, but computes no ratio for it', () => {
    const rows = rowsOf('dan', bare('AppOpen', at(0)), bare('AppClose', at(1)))
    const summary = summarize(2, rows, { users: 1, forgottenUsers: 0, sessions: 1, events: 2 }, {}, NO_CAPACITY)
    expect(summary).toMatchObject({ sessions: 1, sessionsWithSearch: 0, ctr: null, clicksPerSearch: null, days: {} })
  })
})

describe('the summary of rows', () => {
  const summary = summarize(
    20,
    [...ANN, ...BEN, ...CLEO],
    { users: 4, forgottenUsers: 0, sessions: 5, events: 14 },
    {},
    NO_CAPACITY,
  )

  it('counts the searches of all sessions', () => {
    expect(summary).toMatchObject({ searches: 5, searchesWithClick: 2, clicks: 3, zeroResultSearches: 1 })
  })

  it('divides searches with a click by searches, and clicks by searches', () => {
    expect(summary.ctr).toBeCloseTo(2 / 5)
    expect(summary.clicksPerSearch).toBeCloseTo(3 / 5)
  })

  it('gives a search without a click the rate 0, not null', () => {
    const abandoned = summarize(1, CLEO, { users: 1, forgottenUsers: 0, sessions: 1, events: 1 }, {}, NO_CAPACITY)
    expect(abandoned).toMatchObject({ ctr: 0, clicksPerSearch: 0 })
  })

  it('allows more than one click per search', () => {
    const rows = rowsOf('eve', search(at(0)), click(at(1), 'a'), click(at(2), 'b'))
    expect(summarize(3, rows, NOTHING, {}, NO_CAPACITY)).toMatchObject({
      ctr: 1,
      clicksPerSearch: 2,
    })
  })

  it('counts sessions with a search apart from all sessions', () => {
    expect(summary).toMatchObject({
      users: 4,
      sessions: 5,
      sessionsWithSearch: 3,
      sessionsWithClick: 2,
    })
  })

  it('counts a click without a search as an orphan only', () =>
    expect(summary).toMatchObject({ clicks: 3, orphanClicks: 1 }))

  it('counts a search on its own day, not on the day of its session or its clicks', () => {
    expect(summary.days).toEqual({
      '2026-03-02': { searches: 4, searchesWithClick: 2, clicks: 3, zeroResultSearches: 1, ctr: 0.5 },
      '2026-03-03': { searches: 1, searchesWithClick: 0, clicks: 0, zeroResultSearches: 0, ctr: 0 },
    })
  })

  it('orders the days, whose counts add up to the total', () => {
    const backwards = summarize(20, [...BEN].reverse().concat(ANN), NOTHING, {}, NO_CAPACITY)
    expect(Object.keys(backwards.days)).toEqual(['2026-03-02', '2026-03-03'])
    const days = Object.values(backwards.days)
    for (const count of ['searches', 'searchesWithClick', 'clicks', 'zeroResultSearches'] as const) {
      expect(days.reduce((sum, day) => sum + day[count], 0)).toBe(backwards[count])
    }
  })

  it('summarizes any subset of the searches in the same way', () => {
    expect(summarizeSearches(searchesOf(ANN))).toEqual({
      searches: 2,
      searchesWithClick: 1,
      clicks: 2,
      zeroResultSearches: 1,
      ctr: 0.5,
    })
  })
})

describe('the summary of events', () => {
  it('counts events that were neither accepted nor rejected as duplicates', () => {
    const rejected = { 'not-json': 2, 'too-late': 1 }
    const summary = summarize(20, [], { users: 1, forgottenUsers: 0, sessions: 1, events: 14 }, rejected, NO_CAPACITY)
    expect(summary).toMatchObject({ eventsIn: 20, accepted: 14, duplicates: 3, rejected })
  })
})

describe('the summary of capacity', () => {
  it('splits the units by table, index and rollups, and adds them up', () => {
    const writes = new Map([
      ['Sessions', 10],
      ['Results', 3.5],
      ['Results/by_hour', 2],
      ['rollups', 7],
      ['Other', 100],
    ])
    const reads = new Map([['Sessions', 0.5]])
    expect(summarizeCapacity({ writes, reads }, TABLES)).toEqual({
      writeUnits: 22.5,
      readUnits: 0.5,
      writeUnitsBy: { sessions: 10, results: 3.5, by_hour: 2, rollups: 7 },
      readUnitsBy: { sessions: 0.5, results: 0, by_hour: 0, rollups: 0 },
    })
  })
})
