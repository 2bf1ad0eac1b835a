// Tests which search a click belongs to, and what the rows of a session count.

import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { HOUR_MS } from '../../../functions/domain/durations.ts'
import { compareEvents, type Event } from '../../../functions/domain/events/event.ts'
import type { ResultRow, SearchRow, SessionRow } from '../../../functions/domain/results/result.ts'
import { toRows } from '../../../functions/domain/results/result-rows.ts'
import { toSessions } from '../../../functions/domain/sessions/session.ts'
import { at, bare, click, ROW_RULES, RULES, results, search } from '../../support/events.ts'

function allRowsOf(events: readonly Event[]): ResultRow[] {
  const [session] = toSessions([...events].sort(compareEvents), [], RULES)
  if (session === undefined) throw new Error('no session')
  return toRows({ user: 'ann', session, reason: 'gap', version: 3 }, sha256, ROW_RULES)
}

function rowsOf(events: readonly Event[]): { searches: SearchRow[]; session: SessionRow | undefined } {
  const rows = allRowsOf(events)
  return {
    searches: rows.filter((row) => row.kind === 'search'),
    session: rows.find((row) => row.kind === 'session'),
  }
}

function clicksPerSearch(events: readonly Event[]): number[] {
  return rowsOf(events).searches.map((row) => row.clicks)
}

describe('a click with a search id', () => {
  it('credits a click with a searchId to that search, even past a later one', () => {
    const events = [
      search(at(0), { searchId: 'a' }),
      search(at(5), { searchId: 'b' }),
      click(at(9), 'x', { searchId: 'a' }),
    ]
    expect(clicksPerSearch(events)).toEqual([1, 0])
    expect(rowsOf(events).session).toMatchObject({ clicks_by_search_id: 1, clicks_by_item: 0, clicks_by_order: 0 })
  })

  it('makes an orphan of a click whose searchId the session does not have (R3)', () => {
    const { searches, session } = rowsOf([search(at(0), { searchId: 'a' }), click(at(9), 'x', { searchId: 'z' })])
    expect(searches[0]).toMatchObject({ clicked: 0, clicks: 0 })
    expect(session).toMatchObject({ orphan_clicks: 1, clicks: 0, ctr: 0 })
  })
})

describe('a click without a search id', () => {
  it('credits a click to the latest earlier search that lists the item, as after the back button', () => {
    const events = [
      search(at(0)),
      results(at(1), ['x', 'y']),
      search(at(5), { query: 'cats' }),
      results(at(6), ['z']),
      click(at(9), 'y'),
    ]
    expect(clicksPerSearch(events)).toEqual([1, 0])
    expect(rowsOf(events).searches[0]).toMatchObject({ clicks_by_item: 1, clicked_positions: '2' })
  })

  it('credits a click to the latest earlier search where no search lists the item', () => {
    const events = [search(at(0)), results(at(1), ['x']), search(at(5), { query: 'cats' }), click(at(9), 'q')]
    expect(clicksPerSearch(events)).toEqual([0, 1])
    expect(rowsOf(events).session).toMatchObject({ clicks_by_order: 1 })
  })

  it('never credits a click to a later search, even one that lists the item', () => {
    const events = [search(at(0)), click(at(3), 'x'), search(at(5), { query: 'cats' }), results(at(6), ['x'])]
    expect(clicksPerSearch(events)).toEqual([1, 0])
  })

  it('makes an orphan of a click before any search', () => {
    expect(rowsOf([click(at(0), 'x'), search(at(1))]).session).toMatchObject({ orphan_clicks: 1, clicks: 0 })
  })

  it('credits a click to a search of the same millisecond', () => {
    expect(clicksPerSearch([click(at(0), 'x'), search(at(0))])).toEqual([1])
  })
})

describe('a search', () => {
  it('makes one search of two with the same searchId (R1)', () => {
    const events = [search(at(0), { searchId: 'a' }), search(at(9), { searchId: 'a', query: 'dogs again' })]
    expect(rowsOf(events).searches).toMatchObject([{ query: 'dogs', time: '2026-03-02T00:00:00.000Z' }])
  })

  it('makes two rows where the searchId of one search is the event id of another', () => {
    const { searches } = rowsOf([search(at(0), { searchId: 'x', eventId: 'e1' }), search(at(0), { eventId: 'x' })])
    expect(new Set(searches.map((row) => row.sk)).size).toBe(2)
    expect(searches[0]?.sk).toBe('search#2026-03-02T00:00:00.000Z#x')
  })

  it('makes two rows where a limit separates two searches of one id and one millisecond', () => {
    const events = [
      search(at(0), { searchId: 'x', eventId: 'a' }),
      search(at(0), { eventId: 'b' }),
      search(at(0), { searchId: 'x', eventId: 'c' }),
      search(at(0), { searchId: 'b', eventId: 'd' }),
    ]
    const sessions = toSessions(events, [], { ...RULES, maxSessionEvents: 1 })
    const rows = sessions.flatMap((session) =>
      toRows({ user: 'ann', session, reason: 'max_events', version: 3 }, sha256, ROW_RULES),
    )
    expect(rows).toHaveLength(8)
    expect(new Set(rows.map((row) => row.sk)).size).toBe(8)
  })

  it('makes no key longer than a table allows, whatever the ids', () => {
    const [x, y] = ['😀'.repeat(128), '🙂'.repeat(128)]
    const { searches } = rowsOf([search(at(0), { searchId: x, eventId: y }), search(at(0), { eventId: x })])
    for (const row of searches) expect(Buffer.byteLength(row.sk)).toBeLessThanOrEqual(1024)
    expect(new Set(searches.map((row) => row.sk)).size).toBe(2)
  })

  it('takes 0 for the time to a click that seems to come before its search', () => {
    const { searches } = rowsOf([search(at(1), { searchId: 'a' }), click(at(0), 'rover', { searchId: 'a' })])
    expect(searches).toMatchObject([{ clicked: 1, time_to_first_click_ms: 0 }])
  })

  it('has no result count without a Results, which differs from zero results', () => {
    expect(rowsOf([search(at(0))]).searches[0]).toMatchObject({ result_count: null, zero_results: 0 })
    expect(rowsOf([search(at(0)), results(at(1), [])]).searches[0]).toMatchObject({ result_count: 0, zero_results: 1 })
  })

  it('takes the largest of several result counts', () => {
    const events = [
      search(at(0)),
      results(at(1), []),
      results(at(2), ['x'], { resultCount: 40 }),
      results(at(3), ['y']),
    ]
    expect(rowsOf(events).searches[0]).toMatchObject({ result_count: 40, zero_results: 0 })
  })

  it('gives a Results with a searchId to that search and to no other (R2)', () => {
    const events = [
      search(at(0), { searchId: 'a' }),
      search(at(1), { searchId: 'b', query: 'cats' }),
      results(at(2), ['x'], { searchId: 'a' }),
      results(at(3), [], { searchId: 'unknown' }),
    ]
    expect(rowsOf(events).searches.map((row) => row.result_count)).toEqual([1, null])
  })

  it('counts positions from 1 across pages, and prefers the position of the click (R4)', () => {
    const events = [
      search(at(0)),
      results(at(1), ['a', 'b']),
      results(at(2), ['c', 'd']),
      click(at(3), 'd'),
      click(at(4), 'a', { position: 7 }),
      click(at(5), 'unlisted', {}),
    ]
    expect(rowsOf(events).searches[0]).toMatchObject({
      clicked: 1,
      clicks: 3,
      clicked_positions: '4,7',
      first_click_position: 4,
      time_to_first_click_ms: 3000,
    })
  })

  it('counts clicks, and separately the distinct items clicked', () => {
    const events = [search(at(0)), click(at(1), 'x'), click(at(2), 'x'), click(at(3), 'y')]
    expect(rowsOf(events).searches[0]).toMatchObject({ clicks: 3, distinct_items_clicked: 2, clicked: 1 })
  })

  it('counts a search on its own UTC day and hour, in a session across midnight (R6)', () => {
    const { searches, session } = rowsOf([search(at(-60)), search(at(60), { query: 'cats' })])
    expect(searches.map(({ day, hour }) => [day, hour])).toEqual([
      ['2026-03-01', 23],
      ['2026-03-02', 0],
    ])
    expect(session).toMatchObject({ day: '2026-03-01', hour: 23 })
  })
})

describe('a session', () => {
  it('makes no rows of a session without a search (R5)', () => {
    expect(allRowsOf([bare('AppOpen', at(0)), bare('AppClose', at(2))])).toEqual([])
  })

  it('makes a row of the clicks of a session without a search, under the key of the session (R8)', () => {
    const clicks = [click(at(1), 'x', { eventId: 'e1' }), click(at(2), 'y', { searchId: 'sent in another session' })]
    expect(allRowsOf(clicks)).toMatchObject([
      {
        kind: 'clicks',
        sk: 'session#20260302T000001000ZC-e1',
        orphan_clicks: 2,
        orphan_clicks_search_elsewhere: 1,
        orphan_clicks_no_search: 1,
        hour: 0,
        version: 3,
      },
    ])
  })

  it('counts orphan clicks by cause: no search before, or a searchId of no search of the session (R8)', () => {
    const events = [
      click(at(0), 'x'),
      search(at(1), { searchId: 'a' }),
      click(at(2), 'x', { searchId: 'b' }),
      click(at(3), 'y', { searchId: 'a' }),
      click(at(4), 'z', { searchId: 'b' }),
    ]
    expect(rowsOf(events).session).toMatchObject({
      clicks: 1,
      orphan_clicks: 3,
      orphan_clicks_search_elsewhere: 2,
      orphan_clicks_no_search: 1,
    })
  })

  it('stores numerators and denominators beside the ratios of a session (R7)', () => {
    const events = [
      search(at(0)),
      search(at(1), { query: 'cats' }),
      click(at(2), 'x'),
      click(at(3), 'y'),
      click(at(4), 'z'),
    ]
    expect(rowsOf(events).session).toMatchObject({
      searches: 2,
      searches_with_click: 1,
      clicks: 3,
      ctr: 0.5,
      clicks_per_search: 1.5,
      events: 5,
      version: 3,
      close_reason: 'gap',
    })
  })

  it('ends the duration of a session with its last event that is no Timeout', () => {
    const events = [search(at(0)), click(at(10), 'x'), bare('Timeout', at(10) + HOUR_MS / 2)]
    expect(rowsOf(events).session).toMatchObject({ duration_ms: 10_000, end: '2026-03-02T00:00:10.000Z' })
  })
})
