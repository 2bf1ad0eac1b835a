// Tests the way from records to result rows: the rows depend on the set of events and not on their
// delivery.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import type { Session } from '../../functions/domain/sessions/session.ts'
import type { ClosedChange } from '../../functions/ports.ts'
import { oracleSessions } from '../../sim/oracle.ts'
import { at, event, ROW_RULES, RULES, record, type Sent } from '../support/events.ts'
import { memoryPipeline } from '../support/pipeline.ts'
import { randomSends, SEED } from '../support/random-log.ts'

const rules: Rules = { ...RULES, gapMs: 10 * SECOND_MS, latenessMs: 2 * SECOND_MS, maxSessionEvents: 5 }

/** Leaves out what a delivery may change: ids, versions and close reasons. */
function essence(rows: Iterable<ResultRow>): object[] {
  return [...rows]
    .map((row) => {
      const { session_id: _, version: _v, ...rest } = row
      if (rest.kind === 'search') return rest
      const { sk: _s, close_reason: _c, continues_session_id: continues, ...session } = rest
      return { ...session, continues: continues !== null }
    })
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function oracleRows(sends: readonly Sent[]): object[] {
  const users = [...new Set(sends.map((sent) => String(sent.user)))]
  return essence(
    users.flatMap((user) => {
      const events = sends.filter((sent) => sent.user === user).map((sent) => event(sent))
      return oracleSessions(events, rules).flatMap(({ events, continuesPrevious }, n) => {
        const session: Session = {
          ids: [`${n}`],
          continues: continuesPrevious ? 'x' : null,
          limitedBy: null,
          events,
        }
        return toRows({ user, session, reason: 'gap', version: 1 }, sha256, ROW_RULES)
      })
    }),
  )
}

const delivery = randomSends.chain((sends) =>
  fc.record({
    sends: fc.constant(sends),
    order: fc.array(fc.nat({ max: 1_000_000 }), { minLength: 2 * sends.length, maxLength: 2 * sends.length }),
    repeats: fc.array(fc.boolean(), { minLength: sends.length, maxLength: sends.length }),
    batchSize: fc.integer({ min: 1, max: 20 }),
    sweepEvery: fc.integer({ min: 1, max: 5 }),
    sweepDelay: fc.integer({ min: 0, max: 200 }),
    streamOrder: fc.array(fc.nat({ max: 1_000_000 }), { minLength: 200, maxLength: 200 }),
  }),
)

describe('any delivery', () => {
  it('ends in the rows of the whole set of events, whatever the delivery', async () => {
    await fc.assert(
      fc.asyncProperty(delivery, async (given) => {
        const pipeline = memoryPipeline(rules)
        const sent = [...given.sends, ...given.sends.filter((_, n) => given.repeats[n])]
        const records = sent
          .map((fields, n) => ({ fields, rank: given.order[n] ?? 0 }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ fields }, n) => record(fields, at(300 + n)))
        let accepted = 0
        let duplicates = 0
        for (let start = 0, batch = 0; start < records.length; start += given.batchSize, batch++) {
          const report = await pipeline.ingest(records.slice(start, start + given.batchSize), at(300 + start))
          expect(report.failed).toBeNull()
          accepted += report.accepted
          duplicates += report.duplicates
          if (batch % given.sweepEvery === 0) await pipeline.sweep(at(300 + start + given.sweepDelay))
          if (batch % 3 === 0) await pipeline.finalizeAll()
        }
        await pipeline.sweep(at(100_000), true)
        await pipeline.finalizeAll()
        expect(accepted).toBe(given.sends.length)
        expect(duplicates).toBe(sent.length - given.sends.length)
        expect(essence(pipeline.results.rows.values())).toEqual(oracleRows(given.sends))
        expect([...pipeline.sessions.states.values()].flatMap((state) => state.open)).toEqual([])
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('ends in the same rows when the table’s stream delivers twice and in any order', async () => {
    await fc.assert(
      fc.asyncProperty(delivery, async (given) => {
        const pipeline = memoryPipeline(rules)
        for (const [n, fields] of given.sends.entries()) {
          await pipeline.ingest([record(fields, at(300 + n))], at(300 + n))
          if (n % given.sweepEvery === 0) await pipeline.sweep(at(300 + n + given.sweepDelay))
        }
        await pipeline.sweep(at(100_000), true)
        const twice: ClosedChange[] = [...pipeline.changes, ...pipeline.changes]
        const shuffled = twice
          .map((change, n) => ({ change, rank: given.streamOrder[n % 200] ?? 0 }))
          .sort((a, b) => a.rank - b.rank)
        pipeline.changes.splice(0, Number.POSITIVE_INFINITY, ...shuffled.map(({ change }) => change))
        await pipeline.finalizeAll()
        expect(essence(pipeline.results.rows.values())).toEqual(oracleRows(given.sends))
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})

describe('garbage between good events', () => {
  it('stores every bad record as a dead letter with its reason, and applies every good one', async () => {
    const pipeline = memoryPipeline(RULES)
    const good = Array.from({ length: 50 }, (_, n) => ({ type: 'AppOpen', user: `u${n}`, time: at(n) }))
    const bad = [
      '{',
      '[7]',
      '{"type":"Purchase","user":"u"}',
      '{"type":"Search","user":"u"}',
      '{"type":"Search","user":"u","query":"x","time":"9999-01-01T00:00:00Z"}',
      `{"type":"Search","user":"u","query":"${'x'.repeat(1_000_000)}"}`,
      '{"__proto__":{"type":"AppOpen","user":"u"}}',
      '{"type":"AppOpen","user":"__proto__"}',
    ]
    const records = good.flatMap((fields, n) => [record(fields, at(100)), record(bad[n % bad.length], at(100))])
    const report = await pipeline.ingest(records, at(100))
    const accepted = 50 + 1
    expect(report.accepted).toBe(accepted)
    expect(report.rejected).toEqual({
      'not-json': 7,
      'not-an-event': 7,
      'unknown-type': 6,
      'missing-field': 12,
      'time-in-future': 6,
      'too-large': 6,
    })
    expect(pipeline.deadLetters.stored).toHaveLength(44)
    expect(pipeline.deadLetters.stored.every(({ data }) => data.length > 0)).toBe(true)
    expect(pipeline.sessions.states.has('__proto__')).toBe(true)
  })
})

describe('amendment', () => {
  it('replaces rows by version, and removes rows that an amended session no longer has', async () => {
    const pipeline = memoryPipeline(RULES)
    const close = async (seconds: number): Promise<void> => {
      await pipeline.sweep(at(seconds))
      await pipeline.finalizeAll()
    }
    const send = (fields: Sent, seconds: number) =>
      pipeline.ingest([record({ user: 'ann', ...fields }, at(seconds))], 0)
    await send({ type: 'Search', query: 'dogs', searchId: 's', time: at(60) }, 60)
    await send({ type: 'Search', query: 'cats', time: at(5000) }, 5000)
    await close(20_000)
    expect(pipeline.results.rows.size).toBe(4)
    // The same search, earlier, moves its row. Events between the two sessions then merge them.
    await send({ type: 'Search', query: 'dogs', searchId: 's', time: at(30) }, 20_001)
    for (const seconds of [1500, 3000, 4500]) await send({ type: 'AppOpen', time: at(seconds) }, 20_002)
    await close(40_000)
    const rows = [...pipeline.results.rows.values()]
    expect(rows.map((row) => row.kind).sort()).toEqual(['search', 'search', 'session'])
    expect(rows.find((row) => row.kind === 'session')).toMatchObject({ searches: 2, events: 6 })
    expect(rows.flatMap((row) => (row.kind === 'search' ? row.time : [])).sort()).toEqual([
      '2026-03-02T00:00:30.000Z',
      '2026-03-02T01:23:20.000Z',
    ])
    expect(new Set(rows.map((row) => row.version)).size).toBe(1)
  })
})

it('rejects an event on time when a drain has published its session and results are final', async () => {
  const pipeline = memoryPipeline({ ...RULES, lateEvents: 'divert' })
  const send = (type: string, seconds: number) =>
    pipeline.ingest([record({ type, user: 'ann', query: 'dogs', item: 'a', time: at(seconds) }, at(seconds))], 0)
  const drain = async (): Promise<object[]> => {
    await pipeline.sweep(at(60), true)
    await pipeline.finalizeAll()
    return [...pipeline.results.rows.values()]
  }
  await send('Search', 0)
  const published = await drain()
  expect(published).toHaveLength(2)
  expect(await send('ClickResult', 30)).toMatchObject({ accepted: 0, rejected: { late: 1 } })
  expect(pipeline.deadLetters.stored).toMatchObject([{ reason: 'late', detail: 'the result of its session is final' }])
  expect(await drain()).toEqual(published)
})

it('does not remove a row that belongs to another session by now', async () => {
  const pipeline = memoryPipeline(RULES)
  const send = (fields: Sent, seconds: number) => pipeline.ingest([record({ user: 'ann', ...fields }, at(seconds))], 0)
  // The later search arrives first, so the session gets its id.
  await send({ type: 'Search', query: 'cats', time: at(600) }, 600)
  await send({ type: 'Search', query: 'dogs', time: at(0) }, 601)
  await pipeline.sweep(at(2470))
  // A late AppClose splits the session. The first part is due and gets another id; the second stays
  // open.
  await send({ type: 'AppClose', time: at(300) }, 2471)
  await send({ type: 'AppOpen', time: at(2390) }, 2471)
  expect(await pipeline.sweep(at(2600))).toMatchObject({ closed: 1 })
  expect(await pipeline.sweep(at(4300))).toMatchObject({ closed: 1 })
  await pipeline.finalizeAll()
  const rows = [...pipeline.results.rows.values()]
  expect(rows.flatMap((row) => (row.kind === 'search' ? row.query : [])).sort()).toEqual(['cats', 'dogs'])
  expect(rows.filter((row) => row.kind === 'session')).toHaveLength(2)
})

it('has no open session of an idle user', async () => {
  const pipeline = memoryPipeline(RULES)
  await pipeline.ingest([record({ type: 'AppOpen', user: 'ann', time: at(0) }, at(0))], at(0))
  await pipeline.sweep(at(0) + DAY_MS)
  expect(pipeline.sessions.states.get('ann')).toMatchObject({ open: [] })
})
