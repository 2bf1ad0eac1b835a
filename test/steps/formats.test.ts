// Tests documents of other formats: ingest counts the events that they stand for, and each can be
// redriven alone.

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS } from '../../functions/domain/durations.ts'
import { decodeRecords } from '../../functions/ingest/decode-records.ts'
import { ingestMetrics } from '../../functions/ingest/ingest.ts'
import { at, RULES, record } from '../support/events.ts'
import { memoryPipeline } from '../support/pipeline.ts'
import { SEED } from '../support/random-log.ts'
import { ubiClick, ubiEvent, ubiQuery } from '../support/ubi.ts'

const CLICK = ubiClick('rover', 1)
const SESSION = [ubiQuery(), ubiEvent('impression'), CLICK, ubiEvent('search', { message: 'dogs' })]

async function rowsOf(documents: readonly unknown[]) {
  const pipeline = memoryPipeline(RULES)
  for (const document of documents) await pipeline.ingest([record(document, at(60))], at(60))
  await pipeline.sweep(at(2 * 86_400), true)
  await pipeline.finalizeAll()
  return [...pipeline.results.rows.values()]
}

/**
 * Leaves out what the order of arrival may change: ids come from the first event that arrived,
 * versions count writes.
 */
async function essentialsOf(documents: readonly unknown[]) {
  return (await rowsOf(documents)).map(({ version, session_id, sk, ...row }) => row)
}

describe('near misses', () => {
  it('counts fields that ingest ignores although their names are nearly ours, by name (E5)', async () => {
    const pipeline = memoryPipeline(RULES)
    const sent = { type: 'Search', user: 'ann', query: 'dogs', timestamp: '2020-01-01T00:00:00Z' }
    const records = [sent, { ...sent, searchID: 's1' }, { type: 'Search', userId: 'ann' }].map((one) =>
      record(one, at(60)),
    )
    const report = await pipeline.ingest(records, at(60))
    expect(report).toMatchObject({ accepted: 2, nearMisses: { timestamp: 2, searchID: 1, userId: 1 } })
    expect(ingestMetrics(report)).toMatchObject({ NearMisses: 4 })
  })

  it('counts at most 20 names apart, and the others together', async () => {
    const sent = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`time${'_'.repeat(n + 1)}`, 1]))
    const more = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`user${'_'.repeat(n + 1)}`, 1]))
    const records = [sent, more].map((own) => record({ type: 'AppOpen', user: 'ann', ...own }, at(60)))
    const { nearMisses } = await memoryPipeline(RULES).ingest(records, at(60))
    expect(Object.keys(nearMisses)).toHaveLength(21)
    expect(nearMisses['(other)']).toBe(10)
  })
})

describe('UBI ordinals', () => {
  const LATER = { timestamp: '2026-03-02T00:00:06.000Z' }

  it('count from 0 by ubiOrdinalsFrom; else an ordinal of 0 is a near miss (R4a)', async () => {
    const outcomeWith = async (ubiOrdinalsFrom: string) => {
      const pipeline = memoryPipeline({ ...RULES, ubiOrdinalsFrom })
      const documents = [ubiQuery({ query_response_hit_ids: null }), ubiClick('rover', 0), ubiClick('rex', 4, LATER)]
      const records = documents.map((document) => record(document, at(60)))
      const { nearMisses } = await pipeline.ingest(records, at(60))
      await pipeline.sweep(at(2 * 86_400), true)
      await pipeline.finalizeAll()
      const rows = [...pipeline.results.rows.values()]
      return { nearMisses, positions: rows.flatMap((row) => (row.kind === 'search' ? row.clicked_positions : [])) }
    }
    const [fromOne, fromZero] = [await outcomeWith('shop=0'), await outcomeWith('shop=1,pets=0')]
    expect(fromOne.nearMisses).toEqual({ 'ordinal 0': 1 })
    expect(fromZero.nearMisses).toEqual({})
    expect([fromOne.positions, fromZero.positions]).toEqual([['4'], ['1,5']])
  })
})

describe('UBI documents', () => {
  it('turns UBI documents into a search with its results and its click', async () => {
    const rows = await rowsOf(SESSION)
    expect(rows.find(({ kind }) => kind === 'search')).toMatchObject({
      user: 'CLIENT-ann',
      search_id: 'q1',
      query: 'dogs',
      clicked: 1,
      result_count: 3,
      clicked_positions: '2',
    })
    expect(rows).toHaveLength(2)
  })

  it('makes the same rows of UBI documents in any order, repeated, or packed', async () => {
    const expected = await essentialsOf(SESSION)
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...SESSION, ...SESSION], { minLength: 8 }),
        fc.boolean(),
        async (documents, isPacked) => {
          const lines = documents.map((document) => JSON.stringify(document)).join('\n')
          expect(await essentialsOf(isPacked ? [gzipSync(lines)] : documents)).toEqual(expected)
        },
      ),
      { seed: SEED, numRuns: 50 },
    )
  })

  it('counts the events of UBI documents, and a document without events as ignored', async () => {
    const pipeline = memoryPipeline(RULES)
    const records = SESSION.map((document) => record(document, at(60)))
    expect(await pipeline.ingest(records, at(60))).toMatchObject({
      accepted: 4,
      ignored: { 'other-action': 1 },
      rejected: {},
      duplicates: 0,
    })
    expect(await pipeline.ingest(records, at(60))).toMatchObject({
      accepted: 0,
      ignored: { 'other-action': 1 },
      rejected: {},
      duplicates: 4,
    })
    expect(pipeline.deadLetters.stored).toEqual([])
  })

  it('does not extend a session by an ignored UBI document', async () => {
    const hover = ubiEvent('hover', { timestamp: at(25 * 60) })
    const later = ubiClick('rover', 1, { timestamp: at(50 * 60) })
    const sessions = (await rowsOf([ubiQuery(), hover, later])).filter(({ kind }) => kind === 'session')
    expect(sessions).toMatchObject([{ clicks: 0, events: 2 }])
  })

  it('stores an unreadable UBI document as it arrived', async () => {
    const pipeline = memoryPipeline(RULES)
    const bad = record(ubiClick(null, 1), at(60))
    expect(await pipeline.ingest([bad], at(60))).toMatchObject({ rejected: { 'missing-field': 1 }, ignored: {} })
    expect(pipeline.deadLetters.stored).toMatchObject([{ subSequence: null, data: bad.data }])
  })
})

describe('a document of two events', () => {
  const late = ubiQuery({ timestamp: at(-8 * 86_400) })
  const now = ubiClick('rover', 1)

  it('stores a late document of two events as two dead letters, each with its own subSequence', async () => {
    const pipeline = memoryPipeline(RULES)
    const sent = record(`${JSON.stringify(now)}\n${JSON.stringify(late)}\n${JSON.stringify(late)}`, at(60))
    expect(await pipeline.ingest([sent], at(60))).toMatchObject({ accepted: 1, rejected: { 'too-late': 4 } })
    const deadLetters = pipeline.deadLetters.stored
    expect(deadLetters.map(({ subSequence }) => subSequence)).toEqual([1, 2, 3, 4])
    const types = deadLetters.map(({ data }) => JSON.parse(Buffer.from(data, 'base64').toString()).type)
    expect(types).toEqual(['Search', 'Results', 'Search', 'Results'])
  })

  it('ends in the same state when each half of a document is redriven any number of times', async () => {
    const rejecting = memoryPipeline(RULES)
    const sent = record(late, at(60))
    await rejecting.ingest([record(now, at(60)), sent], at(60))
    const halves = rejecting.deadLetters.stored.map(({ subSequence, data }) => ({ ...sent, subSequence, data }))
    expect(halves.map(({ subSequence }) => subSequence)).toEqual([0, 1])
    for (const half of [...halves, ...halves]) await rejecting.ingest([half], at(60))
    expect(rejecting.deadLetters.stored.map(({ data }) => data)).toHaveLength(2)

    const accepting = memoryPipeline({ ...RULES, amendForMs: 30 * DAY_MS })
    const whole = memoryPipeline({ ...RULES, amendForMs: 30 * DAY_MS })
    await whole.ingest([sent], at(60))
    expect(await accepting.ingest([...halves, sent, ...halves], at(60))).toMatchObject({ accepted: 2, duplicates: 4 })
    expect(accepting.sessions.states).toEqual(whole.sessions.states)
  })

  it('counts a document of two events as two events of a batch', () => {
    const pipeline = memoryPipeline(RULES)
    const lines = Array.from(
      { length: 6000 },
      () => '{"query_id":"q","user_query":"a","query_response_hit_ids":[],"client_id":"a","timestamp":1}',
    )
    const records = Array.from({ length: 3 }, () => record(lines.join('\n'), at(60)))
    expect(decodeRecords(records, { ...pipeline.ports, digest: sha256 }, RULES).taken).toBe(2)
  })
})

describe('a forgotten user', () => {
  it('drops a rejected UBI document of a forgotten user', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([record(ubiQuery(), at(60))], at(60))
    const state = pipeline.sessions.states.get('CLIENT-ann')
    if (state === undefined) throw new Error('no state')
    const forgotten = {
      ...state,
      open: [],
      version: state.version + 1,
      forgotten: { atMs: at(100), untilMs: at(9e6), pendingTombstones: [] },
    }
    await pipeline.sessions.saveUser('CLIENT-ann', forgotten as typeof state, state.version, at(9e6))
    expect(await pipeline.ingest([record(ubiClick(null, 1), at(60))], at(110))).toMatchObject({
      forgotten: 1,
      rejected: {},
    })
    expect(pipeline.deadLetters.stored).toEqual([])
  })
})
