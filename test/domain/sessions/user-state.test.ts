// Tests that the sessions depend on the set of events alone (S1), by comparison with the oracle.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import { copyText } from '../../../functions/domain/events/copies.ts'
import { type Arrival, type Event, eventKey } from '../../../functions/domain/events/event.ts'
import type { Rules } from '../../../functions/domain/sessions/rules.ts'
import { sessionId } from '../../../functions/domain/sessions/session.ts'
import { oracleSessions } from '../../../sim/oracle.ts'
import { arrive, drain, newDriven, sweepAt } from '../../support/drive.ts'
import { at, event, RULES } from '../../support/events.ts'
import { GAP_SECONDS, randomLog, SEED } from '../../support/random-log.ts'

const rules: Rules = { ...RULES, gapMs: GAP_SECONDS * SECOND_MS, latenessMs: 2 * SECOND_MS }

interface Delivery {
  readonly events: Event[]
  readonly batches: Arrival[][]
  /** By batch, how many seconds after its last arrival a sweep follows. */
  readonly sweeps: ReadonlyMap<number, number>
}

/** The events in any order, some repeated, in batches of any size, with sweeps in between. */
const delivery: fc.Arbitrary<Delivery> = randomLog.chain((events) =>
  fc
    .record({
      repeated: fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 10 }),
      order: fc.array(fc.nat(), { minLength: events.length + 10, maxLength: events.length + 10 }),
      breaks: fc.array(fc.boolean(), { minLength: events.length + 10, maxLength: events.length + 10 }),
      sweeps: fc.array(fc.tuple(fc.nat({ max: 40 }), fc.integer({ min: 0, max: 600 })), { maxLength: 8 }),
    })
    .map(({ repeated, order, breaks, sweeps }) => {
      const sent = [...events, ...repeated.map((n) => events[n] as Event)]
      const shuffled = sent
        .map((event, n) => ({ event, rank: order[n] ?? 0 }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ event }, n) => ({ event, arrivalMs: at(200 + n) }))
      const batches: Arrival[][] = [[]]
      for (const [n, arrival] of shuffled.entries()) {
        if (breaks[n] && batches.at(-1)?.length !== 0) batches.push([])
        batches.at(-1)?.push(arrival)
      }
      return { events, batches, sweeps: new Map(sweeps) }
    }),
)

function deliver({ batches, sweeps }: Delivery, rules: Rules) {
  const driven = newDriven()
  for (const [n, batch] of batches.entries()) {
    arrive(driven, batch, rules)
    const delay = sweeps.get(n)
    if (delay !== undefined) sweepAt(driven, (batch.at(-1)?.arrivalMs ?? 0) + delay * SECOND_MS, rules)
  }
  return { driven, sessions: drain(driven, at(10_000), rules) }
}

function expectOracle(given: Delivery, rules: Rules): void {
  const { driven, sessions } = deliver(given, rules)
  const oracle = oracleSessions(given.events, rules)
  expect(driven.rejected).toEqual([])
  expect(driven.accepted).toBe(given.events.length)
  expect(driven.accepted + driven.duplicates).toBe(given.batches.flat().length)
  const byFirst = [...sessions].sort((a, b) => firstIndex(oracle, a.events[0]) - firstIndex(oracle, b.events[0]))
  expect(byFirst.map(({ events }) => events.map(eventKey))).toEqual(oracle.map(({ events }) => events.map(eventKey)))
  const continued = byFirst.map(
    (session, n) => session.continues !== null && session.continues === idOf(byFirst[n - 1]),
  )
  expect(continued).toEqual(oracle.map((session) => session.continuesPrevious))
  expect(byFirst.every((session, n) => continued[n] || session.continues === null)).toBe(true)
}

function idOf(session: Parameters<typeof sessionId>[0] | undefined): string | undefined {
  return session && sessionId(session)
}

function firstIndex(oracle: ReturnType<typeof oracleSessions>, first: Event | undefined): number {
  return oracle.findIndex(({ events }) => first !== undefined && eventKey(events[0]) === eventKey(first))
}

describe('any delivery of a set of events', () => {
  it('computes the sessions of the whole set from any delivery of its events (S1)', () => {
    fc.assert(
      fc.property(delivery, (given) => expectOracle(given, rules)),
      { seed: SEED, numRuns: 3000 },
    )
  })

  it('computes the sessions of the whole set from any delivery when limits end sessions', () => {
    const limits = fc.record({ events: fc.integer({ min: 2, max: 6 }), seconds: fc.integer({ min: 5, max: 40 }) })
    fc.assert(
      fc.property(delivery, limits, (given, { events, seconds }) =>
        expectOracle(given, { ...rules, maxSessionEvents: events, maxSessionDurationMs: seconds * SECOND_MS }),
      ),
      { seed: SEED, numRuns: 3000 },
    )
  })
})

describe('a session id', () => {
  it('keeps the id of a session while the session only grows (S6)', () => {
    fc.assert(
      fc.property(randomLog, (events) => {
        const closerless = events.filter((event) => event.type !== 'AppClose' && event.type !== 'Timeout')
        const wide = { ...rules, gapMs: 10 * MINUTE_MS }
        const driven = newDriven()
        for (const event of closerless) {
          arrive(driven, [{ event, arrivalMs: at(200) }], wide)
          expect(driven.state.open).toHaveLength(1)
          expect(driven.state.open[0]?.ids).toEqual([driven.state.open[0]?.ids[0]])
          expect(driven.state.open[0]?.ids[0]).toContain(closerless[0]?.eventId)
        }
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})

/**
 * Copies of few ids, so that many of them conflict. Some sessions lie hours apart, and some copies
 * have no time of their own. Each arrives twice.
 */
const copies: fc.Arbitrary<Arrival[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom('AppOpen', 'Search', 'ClickResult', 'AppClose', 'Timeout'),
      query: fc.constantFrom('dogs', 'cats'),
      item: fc.constantFrom('rex', 'tom'),
      eventId: fc.constantFrom('1', '2', '3', '4'),
      second: fc
        .constantFrom(0, 0, 0, 3, 50, null)
        .chain((hours) =>
          hours === null ? fc.constant(null) : fc.integer({ min: 0, max: 12 }).map((n) => hours * 3600 + 5 * n),
        ),
      arrives: fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 })),
    }),
    { minLength: 1, maxLength: 16 },
  )
  .map((rows) =>
    rows.flatMap(({ second, arrives, ...sent }) =>
      arrives.map((n) => {
        const arrivalMs = at(200_000 + n)
        const time = second === null ? {} : { time: at(second) }
        return { event: event({ ...sent, ...time }, arrivalMs), arrivalMs }
      }),
    ),
  )

describe('any delivery of copies that conflict (E2)', () => {
  it('computes the sessions of the copies that count, and sets aside each other copy', () => {
    const delivered = copies.chain((arrivals) =>
      fc.record({
        order: fc.shuffledSubarray(arrivals, { minLength: arrivals.length }),
        sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: arrivals.length, maxLength: arrivals.length }),
        sweepEvery: fc.integer({ min: 1, max: 4 }),
        maxSessionEvents: fc.constantFrom(2, 3, 1000),
      }),
    )
    fc.assert(
      fc.property(delivered, ({ order, sizes, sweepEvery, maxSessionEvents }) => {
        const own = { ...rules, maxSessionEvents }
        const driven = newDriven()
        for (let start = 0, batch = 0; start < order.length; start += sizes[batch] ?? 1, batch++) {
          arrive(driven, order.slice(start, start + (sizes[batch] ?? 1)), own)
          if (batch % sweepEvery === 0) sweepAt(driven, at(200_500), own)
        }
        const sessions = drain(driven, at(1_000_000), own)
        const events = order.map(({ event }) => event)
        const counting = countingCopies(events)
        const textOf = (held: readonly Event[]): string => held.map((one) => `${copyText(one)} ${one.timeMs}`).join()
        const expected = oracleSessions(counting, own).map((session) => textOf(session.events))
        expect(sessions.map((session) => textOf(session.events)).sort()).toEqual(expected.sort())
        const aside = [...driven.rejected.map(({ arrival }) => arrival.event), ...driven.displaced]
        const counts = new Set(counting.map(copyText))
        const others = new Set(events.map(copyText).filter((text) => !counts.has(text)))
        expect(new Set(aside.map(copyText))).toEqual(others)
        expect(driven.accepted).toBe(counting.length)
        expect(driven.accepted + driven.duplicates + aside.length).toBe(order.length)
      }),
      { seed: SEED, numRuns: 3000 },
    )
  })
})

/**
 * Returns of each type and id the copy with the earliest time, then the one with the first text.
 * A copy without a time comes last, and happened when the first one like it arrived.
 */
function countingCopies(events: readonly Event[]): Event[] {
  const counting = new Map<string, Event>()
  const lastMs = (one: Event): number => (one.hasArrivalTime === true ? at(1_000_000) : one.timeMs)
  const textOf = (one: Event): string => `${copyText(one)} ${one.timeMs}`
  for (const one of [...events].sort((a, b) => lastMs(a) - lastMs(b) || (textOf(a) < textOf(b) ? -1 : 1)))
    if (!counting.has(eventKey(one))) counting.set(eventKey(one), one)
  return [...counting.values()]
}
