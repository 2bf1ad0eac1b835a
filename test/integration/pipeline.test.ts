// Checks the deployed functions on emulators with samples, garbage, packed records and a large log.

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { generateLog } from '../../samples/generated-log.ts'
import { FIRST_GENERATION, LATER_GENERATION, LATER_GENERATION_SETTINGS } from '../../samples/tutorial-events.ts'
import { at } from '../support/events.ts'
import { kplRecord } from '../support/kpl.ts'
import { zstd } from '../support/packing.ts'
import { runLocally } from './on-emulators.ts'
import { expectOracleSessions } from './oracle-comparison.ts'

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

describe('packed records', () => {
  it('gives packed events the same results as single ones, and stores each bad event alone', async () => {
    const log = lines(generateLog({ seed: 11, users: 30, days: 1, startMs: at(0) }))
    const share = Math.ceil(log.length / 5)
    const shares = Array.from({ length: 5 }, (_, n) => log.slice(n * share, (n + 1) * share))
    const [first = [], second = [], third = [], fourth = [], rest = []] = shares
    const packed: Buffer[] = [
      Buffer.from(`[${first.join(',')},7]`),
      gzipSync(`${second.join('\n')}\n{"type":"Purchase","user":"u"}\n`),
      kplRecord([...third.slice(1), gzipSync(`[${third[0]}]`), '{']),
      zstd === null ? Buffer.from(fourth.join('\r\n')) : zstd(Buffer.from(`[${fourth.join(',')}]`)),
      ...rest.map((text) => Buffer.from(text)),
      gzipSync(first.join('\n')).subarray(0, -9),
      gzipSync(first.join('\n')),
    ]
    const expected = await runLocally({}, log)
    const { summary, rows } = await runLocally({}, packed)
    expect(rows.map(essential)).toEqual(expected.rows.map(essential))
    expect(summary).toMatchObject({
      eventsIn: log.length + 3 + 1 + first.length,
      accepted: expected.summary.accepted,
      duplicates: expected.summary.duplicates + first.length,
      rejected: { 'not-an-event': 1, 'not-json': 2, 'unknown-type': 1 },
    })
  })

  /** Drops the version, which counts writes: ingest writes events packed together in one write. */
  function essential({ version, ...row }: ResultRow): object {
    return row
  }
})

describe('a generated log', () => {
  it('gives a generated log on several shards the sessions of the batch oracle', () => expectOracleSessions(30, 2))
})
