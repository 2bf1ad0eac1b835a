// Tests packed records: each event counts alone, each record fails as a whole, and a batch stays
// within memory.

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS } from '../../functions/domain/durations.ts'
import { BATCH_BYTES_MAX, BATCH_EVENTS_MAX } from '../../functions/ingest/decode-records.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import type { ArrivedRecord } from '../../functions/ports.ts'
import { at, RULES, record, type Sent } from '../support/events.ts'
import { kplRecord } from '../support/kpl.ts'
import { packing, zstd } from '../support/packing.ts'
import { memoryPipeline } from '../support/pipeline.ts'
import { randomSends, SEED } from '../support/random-log.ts'

const open = (user: string, seconds: number, own: Sent = {}): string =>
  JSON.stringify({ type: 'AppOpen', user, time: at(seconds), eventId: `${user}${seconds}`, ...own })

function textsOf(deadLetters: readonly { readonly data: string }[]): string[] {
  return deadLetters.map(({ data }) => Buffer.from(data, 'base64').toString())
}

/**
 * Redelivers from the first failed record on, as Lambda does, until all are applied. Counts the
 * deliveries.
 */
async function deliverAll(records: readonly ArrivedRecord[], pipeline: ReturnType<typeof memoryPipeline>) {
  let rest = records
  let deliveries = 0
  const totals = { accepted: 0, rejected: 0 }
  while (rest.length > 0) {
    const { failed, accepted, rejected } = await pipeline.ingest(rest, at(100))
    deliveries++
    totals.accepted += accepted
    totals.rejected += Object.values(rejected).reduce((sum, count) => sum + count, 0)
    const next = rest.findIndex(({ sequenceNumber }) => sequenceNumber === failed?.sequenceNumber)
    if (next === 0) throw new Error(`no progress: ${failed?.cause}`)
    rest = next === -1 ? [] : rest.slice(next)
  }
  return { deliveries, ...totals }
}

describe('an array of events without times and ids', () => {
  const SENT: readonly Sent[] = [
    { type: 'Search', user: 'u', query: 'dogs' },
    { type: 'Results', user: 'u', items: ['rex', 'fido'] },
    { type: 'ClickResult', user: 'u', item: 'fido' },
    { type: 'Search', user: 'u', query: 'cats' },
    { type: 'ClickResult', user: 'u', item: 'tom' },
    { type: 'Search', user: 'u', query: 'fish' },
    { type: 'Search', user: 'u', query: 'fish' },
  ]

  async function searchesOf(records: readonly ArrivedRecord[]) {
    const pipeline = memoryPipeline(RULES)
    const counts = { accepted: 0, duplicates: 0 }
    for (const one of records) {
      const { accepted, duplicates } = await pipeline.ingest([one], at(100))
      counts.accepted += accepted
      counts.duplicates += duplicates
    }
    await pipeline.sweep(at(86_400), true)
    await pipeline.finalizeAll()
    const rows = [...pipeline.results.rows.values()].flatMap((row) => (row.kind === 'search' ? [row] : []))
    const clicked = Object.fromEntries(rows.map((row) => [row.query, row.clicked]))
    return { ...counts, searches: rows.length, clicked }
  }

  it('keeps the order of the array, and equal events apart (S2, E2)', async () => {
    expect(await searchesOf([record(JSON.stringify(SENT), at(60))])).toEqual({
      accepted: 7,
      duplicates: 0,
      searches: 4,
      clicked: { dogs: 1, cats: 1, fish: 0 },
    })
  })

  it('keeps the order of an array that is redelivered, or redriven event by event (S2)', async () => {
    const array = record(JSON.stringify(SENT), at(60))
    const alone = SENT.map((sent, subSequence) => {
      const data = Buffer.from(JSON.stringify(sent)).toString('base64')
      return { ...array, data, subSequence }
    }).reverse()
    const expected = { searches: 4, clicked: { dogs: 1, cats: 1, fish: 0 }, accepted: 7 }
    expect(await searchesOf([array, array])).toEqual({ ...expected, duplicates: 7 })
    expect(await searchesOf(alone)).toEqual({ ...expected, duplicates: 0 })
    expect(await searchesOf([...alone.slice(3), array])).toEqual({ ...expected, duplicates: 4 })
  })
})

describe('a batch of packed records', () => {
  it('makes the same states of packed events as of events in records of their own', async () => {
    await fc.assert(
      fc.asyncProperty(randomSends, packing, fc.nat({ max: 29 }), async (sends, pack, middle) => {
        const alone = memoryPipeline(RULES)
        await alone.ingest(
          sends.map((sent) => record(sent, at(200))),
          at(200),
        )
        const texts = sends.map((sent) => JSON.stringify(sent))
        const packed = memoryPipeline(RULES)
        const parts = [texts.slice(0, middle), texts.slice(middle)].filter((part) => part.length > 0)
        await packed.ingest(
          parts.map((part) => record(pack(part), at(200))),
          at(200),
        )
        expect(packed.sessions.states).toEqual(alone.sessions.states)
        expect(packed.deadLetters.stored).toEqual([])
      }),
      { seed: SEED, numRuns: 200 },
    )
  })

  it('applies each event of a mixed batch once and stores each rejected one alone', async () => {
    const pipeline = memoryPipeline(RULES)
    const records = [
      record(open('ann', 0), at(100)),
      record(`[${open('ann', 1)},7,${open('ben', 1)}]`, at(100)),
      record(gzipSync(`${open('ann', 2)}\n{"type":"Purchase"}\n${open('ben', 2)}\n`), at(100)),
      record(kplRecord([open('cleo', 3), '{', gzipSync(`[${open('cleo', 4)},${open('ann', 1)}]`)]), at(100)),
      record(gzipSync(open('dan', 5)).subarray(0, -5), at(100)),
      ...(zstd === null ? [] : [record(zstd(Buffer.from(`[${open('ben', 1)}]`)), at(100))]),
      record('[]', at(100)),
    ]
    const report = await pipeline.ingest(records, at(100))
    expect(report).toMatchObject({
      records: records.length,
      left: 0,
      accepted: 7,
      duplicates: zstd === null ? 1 : 2,
      rejected: { 'not-json': 2, 'not-an-event': 1, 'unknown-type': 1 },
      failed: null,
    })
    expect(pipeline.progress.sequenceNumber).toBe(records.at(-1)?.sequenceNumber)
    const deadLetters = pipeline.deadLetters.stored
    const origins = deadLetters.map(({ sequenceNumber, subSequence, reason }) => {
      return [records.findIndex((one) => one.sequenceNumber === sequenceNumber), subSequence, reason]
    })
    expect(origins).toEqual([
      [1, 1, 'not-an-event'],
      [2, 1, 'unknown-type'],
      [3, 1, 'not-json'],
      [4, null, 'not-json'],
    ])
    expect(textsOf(deadLetters.slice(0, 3))).toEqual(['7', '{"type":"Purchase"}', '{'])
    expect(deadLetters[3]?.data).toBe(records[4]?.data)
  })

  it('stores an event of a packed record alone when it is too late', async () => {
    const pipeline = memoryPipeline(RULES)
    const late = open('ann', -8 * (DAY_MS / 1000))
    const sent = record(`[${open('ann', 0)},${late},${open('ben', 0)}]`, at(0))
    expect(await pipeline.ingest([sent], at(0))).toMatchObject({ accepted: 2, rejected: { 'too-late': 1 } })
    expect(pipeline.deadLetters.stored).toMatchObject([{ sequenceNumber: sent.sequenceNumber, subSequence: 1 }])
    expect(textsOf(pipeline.deadLetters.stored)).toEqual([late])
  })

  it('stores one dead letter for each event, however often the record arrives', async () => {
    const pipeline = memoryPipeline(RULES)
    const sent = record('{"a":1}\n{"b":2}\n{"c":3}', at(0))
    for (let n = 0; n < 3; n++) await pipeline.ingest([sent], at(0))
    expect(pipeline.deadLetters.stored.map(({ subSequence }) => subSequence)).toEqual([0, 1, 2])
  })

  it('fails at the record of which one event cannot be saved, and saves those of other users', async () => {
    const pipeline = memoryPipeline(RULES)
    const records = [
      record(open('ben', 0), at(0)),
      record(`[${open('ann', 0)},${open('ben', 1)}]`, at(0)),
      record(open('cleo', 0), at(0)),
    ]
    const sessions = {
      ...pipeline.sessions,
      saveUser: async (
        user: string,
        ...rest: Parameters<typeof pipeline.sessions.saveUser> extends [string, ...infer R] ? R : never
      ) => {
        if (user === 'ann') throw new Error('throttled')
        await pipeline.sessions.saveUser(user, ...rest)
      },
    }
    const report = await ingest(records, { ...pipeline.ports, sessions }, RULES, at(0))
    expect(report.failed?.sequenceNumber).toBe(records[1]?.sequenceNumber)
    expect(pipeline.progress.sequenceNumber).toBe(records[0]?.sequenceNumber)
    expect(await pipeline.ingest(records.slice(1), at(0))).toMatchObject({ accepted: 1, duplicates: 2, failed: null })
  })
})

describe('a batch that unpacks to more than a function can hold', () => {
  const MIB = 1024 * 1024
  const padded = (n: number): Buffer => gzipSync(`${open('ann', n)}${'\n'.repeat(7 * MIB)}${open('ben', n)}`)

  it('takes as many records as fit in memory, and reports the next one as failed', async () => {
    const pipeline = memoryPipeline(RULES)
    const records = Array.from({ length: 20 }, (_, n) => record(padded(n), at(100)))
    let unpacked = 0
    const unpack: typeof pipeline.ports.unpack = (one) => {
      unpacked++
      return pipeline.ports.unpack(one)
    }
    const report = await ingest(records, { ...pipeline.ports, unpack }, RULES, at(100))
    const taken = Math.ceil(BATCH_BYTES_MAX / (7 * MIB))
    expect(report).toMatchObject({ records: taken, left: 20 - taken })
    expect(report.failed?.sequenceNumber).toBe(records[taken]?.sequenceNumber)
    expect(pipeline.progress.sequenceNumber).toBe(records[taken - 1]?.sequenceNumber)
    expect(unpacked).toBe(taken)
  })

  it('applies an oversized batch completely over several deliveries', async () => {
    const pipeline = memoryPipeline(RULES)
    const records = Array.from({ length: 20 }, (_, n) => record(padded(n), at(100)))
    expect(await deliverAll(records, pipeline)).toEqual({ deliveries: 4, accepted: 40, rejected: 0 })
    expect(pipeline.progress.sequenceNumber).toBe(records.at(-1)?.sequenceNumber)
  })

  it('rejects every zip bomb of a batch and stores none unpacked', async () => {
    const pipeline = memoryPipeline(RULES)
    const bomb = gzipSync(Buffer.alloc(64 * MIB))
    const records = Array.from({ length: 40 }, () => record(bomb, at(100)))
    expect(await deliverAll(records, pipeline)).toEqual({ deliveries: 10, accepted: 0, rejected: 40 })
    expect(pipeline.deadLetters.stored.every(({ data }) => data === records[0]?.data)).toBe(true)
  })

  it('takes no further record once the batch holds enough events, however small they are', async () => {
    const pipeline = memoryPipeline(RULES)
    const each = 8000
    const many = (n: number): Buffer => {
      return gzipSync(
        Array.from({ length: each }, (_, m) => open(`u${m % 100}`, n, { eventId: `${n}-${m}` })).join('\n'),
      )
    }
    const records = Array.from({ length: 7 }, (_, n) => record(many(n), at(100)))
    const first = await pipeline.ingest(records, at(100))
    expect(first.records).toBe(Math.ceil(BATCH_EVENTS_MAX / each))
    expect(await deliverAll(records.slice(first.records), pipeline)).toMatchObject({
      deliveries: 2,
      accepted: 4 * each,
    })
  })
})
