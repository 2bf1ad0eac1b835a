// Tests which clicks and searches satisfied the user, and which were reformulated (M1-M3).

import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { SECOND_MS } from '../../../functions/domain/durations.ts'
import { compareEvents, type Event } from '../../../functions/domain/events/event.ts'
import type { ResultRow, SearchRow, SessionRow } from '../../../functions/domain/results/result.ts'
import { rowKeys, toRows } from '../../../functions/domain/results/result-rows.ts'
import { dwellTimes } from '../../../functions/domain/results/satisfaction.ts'
import { toSessions } from '../../../functions/domain/sessions/session.ts'
import { at, bare, click, ROW_RULES, RULES, results, search } from '../../support/events.ts'

function closedOf(events: readonly Event[], rules = RULES) {
  const sessions = toSessions([...events].sort(compareEvents), [], rules)
  return sessions.map((session) => ({ user: 'ann', session, reason: 'gap' as const, version: 1 }))
}

function rowsOf(events: readonly Event[], rules = RULES): ResultRow[] {
  return closedOf(events, rules).flatMap((closed) => toRows(closed, sha256, ROW_RULES))
}

function searchesOf(events: readonly Event[]): SearchRow[] {
  return rowsOf(events).filter((row) => row.kind === 'search')
}

function sessionOf(events: readonly Event[]): SessionRow | undefined {
  return rowsOf(events).find((row) => row.kind === 'session')
}

function dwellsOf(events: readonly Event[]): (number | null)[] {
  return [...dwellTimes([...events].sort(compareEvents)).values()].reverse()
}

describe('the dwell of a click (M1)', () => {
  it('lasts until the next Search or click, whatever lies between', () => {
    const events = [search(at(0)), click(at(5), 'x'), results(at(6), ['x']), click(at(15), 'y'), search(at(55))]
    expect(dwellsOf(events)).toEqual([10 * SECOND_MS, 40 * SECOND_MS])
  })

  it('lasts until the AppClose where no Search and no click follows', () => {
    expect(dwellsOf([search(at(0)), click(at(5), 'x'), bare('AppClose', at(47))])).toEqual([42 * SECOND_MS])
  })

  it('is unknown for the last click of a session that silence, a Timeout or a limit ended', () => {
    expect(dwellsOf([search(at(0)), click(at(5), 'x')])).toEqual([null])
    expect(dwellsOf([search(at(0)), click(at(5), 'x'), bare('Timeout', at(1000))])).toEqual([null])
    const limited = { ...RULES, maxSessionEvents: 2 }
    const [first] = rowsOf([search(at(0)), click(at(5), 'x'), search(at(60), { query: 'cats' })], limited)
    expect(first).toMatchObject({ satisfaction: 'unknown', unknown_dwell_clicks: 1 })
  })

  it('ends with a Search that repeats a searchId, and with an orphan click', () => {
    const again = search(at(20), { searchId: 'a' })
    expect(dwellsOf([search(at(0), { searchId: 'a' }), click(at(5), 'x'), again])).toEqual([15 * SECOND_MS])
    const orphan = click(at(12), 'y', { searchId: 'lost' })
    expect(dwellsOf([search(at(0)), click(at(5), 'x'), orphan])).toEqual([7 * SECOND_MS, null])
  })
})

describe('a search (M2)', () => {
  it('is satisfied by a dwell of exactly the bound, and not by one that is a millisecond shorter', () => {
    const lasting = (ms: number): Event[] => [search(at(0)), click(at(5), 'x'), bare('AppClose', at(5) + ms)]
    expect(searchesOf(lasting(ROW_RULES.satisfiedDwellMs))).toMatchObject([
      { satisfaction: 'satisfied', satisfied_clicks: 1, unknown_dwell_clicks: 0 },
    ])
    expect(searchesOf(lasting(ROW_RULES.satisfiedDwellMs - 1))).toMatchObject([
      { satisfaction: 'unsatisfied', satisfied_clicks: 0, unknown_dwell_clicks: 0 },
    ])
  })

  it('is satisfied where another of its clicks is of unknown dwell', () => {
    expect(searchesOf([search(at(0)), click(at(5), 'x'), click(at(90), 'y')])).toMatchObject([
      { satisfaction: 'satisfied', satisfied_clicks: 1, unknown_dwell_clicks: 1 },
    ])
  })

  it('is unknown, not unsatisfied, where only the last click may have satisfied', () => {
    expect(searchesOf([search(at(0)), click(at(5), 'x'), click(at(7), 'y')])).toMatchObject([
      { satisfaction: 'unknown', satisfied_clicks: 0, unknown_dwell_clicks: 1 },
    ])
  })

  it('has no satisfaction without a click', () => {
    expect(searchesOf([search(at(0)), bare('AppClose', at(90))])).toMatchObject([{ satisfaction: null }])
  })
})

describe('a reformulation (M3)', () => {
  const reformulated = (events: readonly Event[]): number[] => searchesOf(events).map((row) => row.reformulated)

  it('is a search with another query at most two minutes later', () => {
    expect(reformulated([search(at(0)), search(at(120), { query: 'cats' })])).toEqual([1, 0])
    expect(reformulated([search(at(0)), search(at(120) + 1, { query: 'cats' })])).toEqual([0, 0])
  })

  it('is no search for the same query in another spelling', () => {
    expect(reformulated([search(at(0)), search(at(9), { query: '  DOGS ' })])).toEqual([0, 0])
  })

  it('is no search after a satisfied one, but one after a search of unknown satisfaction', () => {
    const satisfied = [search(at(0)), click(at(5), 'x'), search(at(60), { query: 'cats' })]
    expect(reformulated(satisfied)).toEqual([0, 0])
    const late = click(at(70), 'x', { searchId: 'a' })
    const unknown = [search(at(0), { searchId: 'a' }), search(at(60), { query: 'cats' }), late]
    expect(searchesOf(unknown)[0]).toMatchObject({ satisfaction: 'unknown', reformulated: 1 })
  })

  it('compares with the next search, not with the same search that is repeated (R1)', () => {
    const again = search(at(9), { searchId: 'a', query: 'dogs of the world' })
    expect(reformulated([search(at(0), { searchId: 'a' }), again])).toEqual([0])
  })
})

describe('a session', () => {
  it('counts the searches and the time to its first success', () => {
    const events = [
      search(at(0)),
      click(at(4), 'x'),
      search(at(10), { query: 'cats' }),
      search(at(20), { query: 'small cats' }),
      click(at(25), 'y'),
      bare('AppClose', at(80)),
    ]
    expect(sessionOf(events)).toMatchObject({
      satisfied_searches: 1,
      unknown_satisfaction_searches: 0,
      unsatisfied_searches: 1,
      reformulated_searches: 2,
      searches_to_success: 3,
      time_to_success_ms: 25 * SECOND_MS,
    })
  })

  it('has neither without a satisfied search, and an orphan click is no success', () => {
    const orphan = click(at(5), 'x', { searchId: 'lost' })
    expect(sessionOf([search(at(0)), orphan, bare('AppClose', at(90))])).toMatchObject({
      satisfied_searches: 0,
      searches_to_success: null,
      time_to_success_ms: null,
    })
  })

  it('takes 0 for the time to a success that seems to come before the first search', () => {
    const early = click(at(0), 'x', { searchId: 'a' })
    expect(sessionOf([early, search(at(40), { searchId: 'a' })])).toMatchObject({ time_to_success_ms: 0 })
  })
})

it('gives rows the keys that need no rules to compute', () => {
  const events = [search(at(0)), click(at(4), 'x'), click(at(90_000), 'y')]
  for (const closed of closedOf(events)) {
    expect(rowKeys(closed, sha256)).toEqual(toRows(closed, sha256, ROW_RULES).map(({ pk, sk }) => ({ pk, sk })))
  }
})
