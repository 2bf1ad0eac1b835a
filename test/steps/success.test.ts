// Tests that any delivery of a dense log gives rows with the satisfaction that a naive reading of
// the rules finds (M1-M3).

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SECOND_MS } from '../../functions/domain/durations.ts'
import type { RowRules } from '../../functions/domain/results/search-rows.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { oracleSessions } from '../../sim/oracle.ts'
import { oracleSuccess } from '../../sim/oracle-success.ts'
import { at, event, RULES, record, type Sent } from '../support/events.ts'
import { memoryPipeline } from '../support/pipeline.ts'
import { SEED } from '../support/random-log.ts'
import { inOrder, successesIn } from '../support/successes.ts'

const rules: Rules = { ...RULES, gapMs: 10 * SECOND_MS, latenessMs: 2 * SECOND_MS, maxSessionEvents: 12 }
/** About half of the pauses are shorter. */
const rowRules: RowRules = { satisfiedDwellMs: 3 * SECOND_MS, reformulatedWithinMs: 5 * SECOND_MS, segments: [] }

const searchId = fc.option(fc.constantFrom('s1', 's2', 's3'), { nil: undefined })
const sent: fc.Arbitrary<Sent> = fc.oneof(
  {
    arbitrary: fc.record({ type: fc.constant('Search'), query: fc.constantFrom('dogs', ' Dogs', 'cats'), searchId }),
    weight: 4,
  },
  { arbitrary: fc.record({ type: fc.constant('ClickResult'), item: fc.constantFrom('a', 'z'), searchId }), weight: 5 },
  {
    arbitrary: fc.constantFrom({ type: 'Results', items: ['a'] }, { type: 'AppClose' }, { type: 'Timeout' }),
    weight: 1,
  },
)

/** The pauses of exactly 3, 5 and 10 s are those that the rules compare with. */
const pauseMs = fc.oneof(
  fc.constantFrom(0, 3 * SECOND_MS, 5 * SECOND_MS, 10 * SECOND_MS),
  fc.integer({ min: 0, max: 8 * SECOND_MS }),
)

const log: fc.Arbitrary<Sent[]> = fc
  .array(fc.tuple(pauseMs, sent), { minLength: 8, maxLength: 25, size: 'max' })
  .map((steps) => {
    let time = at(0)
    return steps.map(([afterMs, fields], n) => {
      time += afterMs
      return { ...fields, user: 'ann', time, eventId: `e${n}` }
    })
  })

const delivery = log.chain((sends) =>
  fc.record({
    sends: fc.constant(sends),
    /** The event that each record holds: some come twice, most of them late. */
    order: fc.shuffledSubarray([...sends, ...sends], { minLength: sends.length }),
    batchSize: fc.integer({ min: 1, max: 20 }),
    sweepDelay: fc.integer({ min: 0, max: 60 }),
  }),
)

it('gives any delivery of 500 logs the satisfaction of the naive reading, late and repeated events included', async () => {
  const found = new Map<unknown, number>()
  await fc.assert(
    fc.asyncProperty(delivery, async ({ sends, order, batchSize, sweepDelay }) => {
      const pipeline = memoryPipeline(rules, undefined, undefined, rowRules)
      const records = [...order, ...sends.filter((one) => !order.includes(one))].map((fields, n) =>
        record(fields, at(600 + n)),
      )
      for (let start = 0; start < records.length; start += batchSize) {
        await pipeline.ingest(records.slice(start, start + batchSize), at(700 + start))
        await pipeline.sweep(at(700 + start + sweepDelay))
        await pipeline.finalizeAll()
      }
      await pipeline.sweep(at(100_000), true)
      await pipeline.finalizeAll()
      const sessions = oracleSessions(
        sends.map((one) => event(one)),
        rules,
      )
      const rows = [...pipeline.results.rows.values()]
      expect(successesIn(rows)).toEqual(inOrder(sessions.map(({ events }) => oracleSuccess(events, rowRules))))
      for (const row of rows) {
        if (row.kind !== 'search') continue
        for (const kind of [row.satisfaction, row.reformulated]) found.set(kind, (found.get(kind) ?? 0) + 1)
      }
    }),
    { seed: SEED, numRuns: 500 },
  )
  for (const kind of ['satisfied', 'unknown', 'unsatisfied', null, 0, 1])
    expect(found.get(kind), `searches with ${kind}`).toBeGreaterThan(100)
})
