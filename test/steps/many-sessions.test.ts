// Tests that sessions are a function of the set of events (S1) if a user has more than can be open,
// and if invocations run out of time.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import type { ArrivedRecord } from '../../functions/ports.ts'
import { sweep } from '../../functions/sweep/sweep.ts'
import { oracleSessions } from '../../sim/oracle.ts'
import { at, event, RULES, record, type Sent } from '../support/events.ts'
import { memoryPipeline } from '../support/pipeline.ts'
import { SEED } from '../support/random-log.ts'

const rules: Rules = { ...RULES, gapMs: 10 * SECOND_MS, amendForMs: 300 * DAY_MS }

/** Many closers and few other events, at equal times, close together or far apart. */
const sent: fc.Arbitrary<Sent> = fc
  .record({
    second: fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 20_000 }), fc.constantFrom(50, 60, 70)),
    type: fc.constantFrom('AppClose', 'AppClose', 'AppClose', 'Timeout', 'AppOpen', 'Search'),
  })
  .map(({ second, type }) => ({ type, user: 'ann', query: 'dogs', time: at(second) }))

interface Delivery {
  readonly records: readonly (readonly Sent[])[]
  /** How many records a batch has. */
  readonly batch: number
  /** After how many questions for time each invocation has none left. */
  readonly questions: readonly number[]
}

const delivery: fc.Arbitrary<Delivery> = fc
  .record({
    sends: fc.array(sent, { minLength: 300, maxLength: 900 }),
    size: fc.constantFrom(1, 40, 300),
    batch: fc.integer({ min: 1, max: 50 }),
    questions: fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 5, maxLength: 5 }),
  })
  .map(({ sends, size, ...rest }) => {
    const named = sends.map((one, n) => ({ ...one, eventId: `e${n}` }))
    const records = Array.from({ length: Math.ceil(named.length / size) }, (_, n) =>
      named.slice(n * size, (n + 1) * size),
    )
    return { ...rest, records }
  })

/** A clock that runs out after so many questions. */
function timeFor(questions: number): () => boolean {
  let asked = 0
  return () => asked++ < questions
}

async function deliver({ records, batch, questions }: Delivery) {
  const pipeline = memoryPipeline(rules)
  const arrived = records.map((events, n) => record(events, at(30_000 + n)))
  let invocations = 0
  const questionsOf = (): number => questions[invocations++ % questions.length] ?? 2
  const sweepAt = (nowMs: number): Promise<unknown> => {
    const horizon = { readUpTo: async () => nowMs }
    const { sessions, timers } = pipeline
    const ports = { sessions, timers, horizon, hasTime: timeFor(questionsOf()) }
    return sweep({ drain: false }, ports, { rules, sweepEveryMs: HOUR_MS }, nowMs)
  }
  for (let start = 0; start < arrived.length; start += batch) {
    let rest: readonly ArrivedRecord[] = arrived.slice(start, start + batch)
    while (rest.length > 0) {
      const { failed, rejected } = await ingest(
        rest,
        { ...pipeline.ports, hasTime: timeFor(questionsOf()) },
        rules,
        at(31_000),
      )
      expect(rejected).toEqual({})
      if (failed === null) break
      expect(failed.cause).toBeNull()
      const next = rest.findIndex(({ sequenceNumber }) => sequenceNumber === failed.sequenceNumber)
      rest = rest.slice(next)
      expect(invocations).toBeLessThan(5000)
    }
    await sweepAt(at(30_000 + start))
  }
  for (let n = 0; n < 100; n++) await sweepAt(at(100_000 + n))
  return pipeline
}

it('computes the sessions of the whole set for a user of many sessions, however often time is up', async () => {
  let mostOpen = 0
  await fc.assert(
    fc.asyncProperty(delivery, async (given) => {
      const { sessions } = await deliver(given)
      expect(sessions.states.get('ann')?.open).toEqual([])
      const events: Event[] = given.records.flat().map((one) => event(one))
      const expected = oracleSessions(events, rules).map(({ eventIds }) => eventIds.join())
      const stored = [...sessions.closed.values()].flatMap(({ closed }) => closed?.session ?? [])
      mostOpen = Math.max(mostOpen, expected.length)
      expect(stored.map((session) => session.events.map(({ eventId }) => eventId).join()).sort()).toEqual(
        expected.sort(),
      )
    }),
    { seed: SEED, numRuns: 25 },
  )
  expect(mostOpen).toBeGreaterThan(256)
}, 300_000)
