// Tests what ingest does with copies of an event whose contents differ (E2), whatever their order.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SECOND_MS } from '../../functions/domain/durations.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import { at, RULES, record, type Sent } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { SEED } from '../support/random-log.ts'
import { sharedPath } from '../support/shared.ts'

const rules: Rules = { ...RULES, gapMs: 10 * SECOND_MS, latenessMs: 2 * SECOND_MS, maxSessionEvents: 4 }
const ARRIVAL_SECONDS = 400_000

function queriesIn({ sessions }: MemoryPipeline): string[] {
  const closed = [...sessions.closed.values()].flatMap((stored) => stored.closed?.session.events ?? [])
  return closed.flatMap((event) => (event.type === 'Search' ? event.query : [])).sort()
}

/** The distinct contents of the dead letters, of events and of stored copies alike. */
function asideIn({ deadLetters }: MemoryPipeline): string[] {
  const texts = deadLetters.stored.map(({ data }) => {
    const { stored, ...sent } = JSON.parse(Buffer.from(data, 'base64').toString('utf8'))
    const { eventId, query, time } = stored ?? sent
    return [eventId, query, new Date(time).getTime()].join()
  })
  return [...new Set(texts)].sort()
}

const sends: fc.Arbitrary<Sent[]> = fc.array(
  fc.record({
    user: fc.constant('ann'),
    type: fc.constant('Search'),
    query: fc.constantFrom('dogs', 'cats', 'fish'),
    eventId: fc.constantFrom('1', '2', '3'),
    time: fc
      .tuple(fc.constantFrom(0, 0, 3, 50), fc.integer({ min: 0, max: 8 }))
      .map(([hours, n]) => at(hours * 3600 + n * 5)),
  }),
  { minLength: 1, maxLength: 14 },
)

const delivery = sends.chain((sent) =>
  fc.record({
    sent: fc.constant(sent),
    order: fc.shuffledSubarray([...sent, ...sent], { minLength: sent.length * 2 }),
    batchSize: fc.integer({ min: 1, max: 6 }),
    sweepEvery: fc.integer({ min: 1, max: 4 }),
  }),
)

describe('copies of one id and type with other contents', () => {
  it('leave the one with the earliest time in a session and each other one in a dead letter', async () => {
    await fc.assert(
      fc.asyncProperty(delivery, async ({ sent, order, batchSize, sweepEvery }) => {
        const pipeline = memoryPipeline(rules)
        const records = order.map((one, n) => record(one, at(ARRIVAL_SECONDS + n)))
        let [accepted, duplicates, rejected] = [0, 0, 0]
        for (let start = 0, batch = 0; start < records.length; start += batchSize, batch++) {
          const nowMs = at(ARRIVAL_SECONDS + start)
          const report = await pipeline.ingest(records.slice(start, start + batchSize), nowMs)
          expect(report.failed).toBeNull()
          accepted += report.accepted
          duplicates += report.duplicates
          rejected += report.rejected['id-reused'] ?? 0
          if (batch % sweepEvery === 0) await pipeline.sweep(nowMs + 500 * SECOND_MS)
        }
        await pipeline.sweep(at(1_000_000), true)
        await pipeline.finalizeAll()
        const ordered = [...sent].sort(
          (a, b) => Number(a.time) - Number(b.time) || (String(a.query) < String(b.query) ? -1 : 1),
        )
        const counting = new Map([...ordered].reverse().map((one) => [one.eventId, one]))
        expect(queriesIn(pipeline)).toEqual([...counting.values()].map(({ query }) => query).sort())
        const textOf = ({ eventId, query, time }: Sent): string => [eventId, query, time].join()
        const counts = new Set([...counting.values()].map(textOf))
        const others = sent.map(textOf).filter((text) => !counts.has(text))
        expect(asideIn(pipeline)).toEqual([...new Set(others)].sort())
        expect(accepted).toBe(counting.size)
        expect(accepted + duplicates + rejected).toBe(records.length)
        const rows = [...pipeline.results.rows.values()].filter(({ kind }) => kind === 'search')
        expect(rows.length).toBe(counting.size)
      }),
      { seed: SEED, numRuns: 400 },
    )
  })
})

/** Each chunk of a record may read each of the 64 sessions that the state remembers. */
const LOADS_MAX = 2000

it('reads few closed sessions for a record of ten thousand copies of ids in them', async () => {
  const pipeline = memoryPipeline(RULES)
  const earlier = Array.from({ length: 64 }, (_, n) => ({ eventId: `${n}`, time: at(n * 3600) }))
  const later = Array.from({ length: 10_000 }, (_, n) => ({ eventId: `${n % 64}`, time: at(300_000 + n / 1000) }))
  const searches = (all: readonly Sent[]): Sent[] =>
    all.map((one, n) => ({ user: 'ann', type: 'Search', query: `${n}`, ...one }))
  await pipeline.ingest([record(searches(earlier), at(ARRIVAL_SECONDS))], at(ARRIVAL_SECONDS))
  await pipeline.sweep(at(ARRIVAL_SECONDS + 7200), true)
  const { sessions } = pipeline.ports
  let loads = 0
  const loadClosed: typeof sessions.loadClosed = (...range) => {
    loads++
    return sessions.loadClosed(...range)
  }
  const ports = { ...pipeline.ports, sessions: { ...sessions, loadClosed } }
  const nowMs = at(ARRIVAL_SECONDS + 7201)
  const report = await ingest([record(searches(later), nowMs)], ports, RULES, nowMs)
  expect(report).toMatchObject({ failed: null, accepted: 0, rejected: { 'id-reused': 10_000 } })
  expect(loads).toBeGreaterThanOrEqual(64)
  expect(loads).toBeLessThan(LOADS_MAX)
})

const log = sharedPath('cases/event-ids-count-anew-each-session.ndjson')

describe.skipIf(log === null)('a counter of ids that starts again', () => {
  it('gives the same counts in every order of the events and with a sweep after any of them', async () => {
    const lines = readFileSync(log ?? '', 'utf8')
      .trim()
      .split('\n')
    for (const order of permutations(lines)) {
      for (let sweeps = 0; sweeps < 2 ** order.length; sweeps++) {
        const pipeline = memoryPipeline(RULES)
        for (const [n, line] of order.entries()) {
          await pipeline.ingest([record(line, at(ARRIVAL_SECONDS + n))], at(ARRIVAL_SECONDS + n))
          if ((sweeps >> n) & 1) await pipeline.sweep(at(ARRIVAL_SECONDS + 7200))
        }
        await pipeline.sweep(at(ARRIVAL_SECONDS + 7200), true)
        expect(queriesIn(pipeline)).toEqual(['dogs'])
        expect(asideIn(pipeline)).toHaveLength(2)
      }
    }
  })
})

function permutations<Item>([first, ...others]: readonly Item[]): Item[][] {
  if (first === undefined) return [[]]
  return permutations(others).flatMap((order) =>
    Array.from({ length: order.length + 1 }, (_, n) => [...order.slice(0, n), first, ...order.slice(n)]),
  )
}
