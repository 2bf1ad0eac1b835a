// Packed records and a long generated log have the results of single events and of the oracle (S1).

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { generateLog } from '../../samples/generated-log.ts'
import { at } from '../support/events.ts'
import { kplRecord } from '../support/kpl.ts'
import { zstd } from '../support/packing.ts'
import { runLocally } from './on-emulators.ts'
import { expectOracleSessions } from './oracle-comparison.ts'

function lines(events: readonly object[]): string[] {
  return events.map((event) => JSON.stringify(event))
}

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

it('gives a long generated log on several shards the sessions of the batch oracle', () => expectOracleSessions(120, 3))
