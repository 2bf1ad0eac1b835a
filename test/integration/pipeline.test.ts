// Checks the deployed functions on emulators with the samples of the tutorial and with garbage.

import { describe, expect, it } from 'vitest'
import { FIRST_GENERATION, LATER_GENERATION, LATER_GENERATION_SETTINGS } from '../../samples/tutorial-events.ts'
import { at } from '../support/events.ts'
import { runLocally } from './on-emulators.ts'

function lines(events: readonly object[]): string[] {
  return events.map((event) => JSON.stringify(event))
}

describe("Bytewax's tutorial", () => {
  it('counts a click for two of three searches of the first generation', async () => {
    const { summary, rows } = await runLocally({}, lines(FIRST_GENERATION))
    const searches = rows
      .filter((row) => row.kind === 'search')
      .map(({ user, query, clicked }) => [user, query, clicked])
    expect(searches).toEqual([
      ['1', 'dogs', 1],
      ['1', 'cats', 1],
      ['2', 'fruit', 0],
    ])
    expect(summary.ctr).toBe(2 / 3)
    expect(rows.filter((row) => row.kind === 'session')).toMatchObject([
      { user: '1', clicks_per_search: 1.5, ctr: 1, close_reason: 'app_close' },
      { user: '2', clicks_per_search: 0, ctr: 0, close_reason: 'app_close' },
    ])
  })

  it('counts one click a search for user 1 of the later generation, and two for user 2', async () => {
    const { rows } = await runLocally(LATER_GENERATION_SETTINGS, lines(LATER_GENERATION))
    expect(rows.filter((row) => row.kind === 'session')).toMatchObject([
      { user: '1', searches: 1, clicks: 1, clicks_per_search: 1 },
      { user: '2', searches: 1, clicks: 2, clicks_per_search: 2 },
    ])
  })
})

describe('a hundred garbage records between good ones', () => {
  it('stores garbage records with their reasons, and every good event between them', async () => {
    const good = lines(
      Array.from({ length: 100 }, (_, n) => ({ type: 'Search', user: `u${n}`, query: 'dogs', time: at(n) })),
    )
    const garbage: [string, string | Buffer][] = [
      ['not-json', '{"type":'],
      ['not-json', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
      ['not-an-event', '[7]'],
      ['unknown-type', '{"type":"Purchase","user":"u"}'],
      ['missing-field', '{"__proto__":{"type":"AppOpen","user":"u"}}'],
      ['invalid-field', '{"type":"Search","user":{"toString":"x"},"query":"q"}'],
      ['invalid-field', '{"type":"ClickResult","user":"u","item":"i","position":-1}'],
      ['time-in-future', '{"type":"AppOpen","user":"u","time":"9999-12-31T23:59:59Z"}'],
      ['too-large', `{"type":"Search","user":"u","query":"${'x'.repeat(1_000_000)}"}`],
      ['too-large', `{"type":"Search","user":"u","query":"${'x'.repeat(2_000_000)}"}`],
    ]
    const sent = good.flatMap((line, n) => [line, garbage[n % garbage.length]?.[1] ?? ''])
    const { summary } = await runLocally({}, sent)
    expect(summary).toMatchObject({ eventsIn: 200, accepted: 100, duplicates: 0, searches: 100, users: 100 })
    expect(summary.rejected).toEqual({
      'not-json': 20,
      'not-an-event': 10,
      'unknown-type': 10,
      'missing-field': 10,
      'invalid-field': 20,
      'time-in-future': 10,
      'too-large': 20,
    })
  })
})
