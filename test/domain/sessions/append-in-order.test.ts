// Tests that appending events in order gives the state that the general way computes.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import type { Arrival } from '../../../functions/domain/events/event.ts'
import type { Rules } from '../../../functions/domain/sessions/rules.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { apply, NEW_USER, type UserState } from '../../../functions/domain/sessions/user-state.ts'
import { arrive, newDriven } from '../../support/drive.ts'
import { at, bare, onTime, RULES, search } from '../../support/events.ts'
import { GAP_SECONDS, randomLog, SEED } from '../../support/random-log.ts'

/** A closed session that no event of a log can change. It makes `apply` take the general way. */
const FAR: Session = {
  ids: ['far'],
  continues: null,
  limitedBy: null,
  events: [bare('AppOpen', at(-9999), { eventId: 'far' })],
}

const rules: fc.Arbitrary<Rules> = fc.record({
  gapMs: fc.constant(GAP_SECONDS * SECOND_MS),
  latenessMs: fc.constantFrom(0, 2 * SECOND_MS),
  amendForMs: fc.constantFrom(20 * SECOND_MS, 7 * DAY_MS),
  lateEvents: fc.constantFrom('amend', 'divert'),
  maxClockSkewMs: fc.constant(5 * MINUTE_MS),
  minEventTimeMs: fc.constant(0),
  maxSessionEvents: fc.constantFrom(3, 1000),
  maxSessionDurationMs: fc.constantFrom(15 * SECOND_MS, DAY_MS),
  resultRetentionMs: fc.constant(400 * DAY_MS),
})

/** Half of the logs are in order, as the fast path needs them. Up to three events repeat. */
const batches: fc.Arbitrary<Arrival[][]> = fc
  .tuple(
    randomLog,
    fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 33, maxLength: 33 }),
    fc.array(fc.nat({ max: 29 }), { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([log, sizes, repeated, isSorted]) => {
    const sorted = isSorted ? [...log].sort((a, b) => a.timeMs - b.timeMs) : log
    const sent = [...sorted, ...repeated.flatMap((n) => sorted[n] ?? [])].map(onTime)
    const all: Arrival[][] = []
    for (const size of sizes) if (sent.length > 0) all.push(sent.splice(0, size))
    return all
  })

describe('arrivals that only lengthen a session', () => {
  it('appends in order to the state that the general way computes', () => {
    let appended = 0
    fc.assert(
      fc.property(batches, rules, (given, used) => {
        let state: UserState = NEW_USER
        for (const arrivals of given) {
          const general = apply(state, [FAR], arrivals, used)
          const applied = apply(state, [], arrivals, used)
          expect(applied).toStrictEqual(general)
          if (applied.accepted > 0 && applied.state.open.length === 1) appended++
          state = applied.state
        }
      }),
      { seed: SEED, numRuns: 3000 },
    )
    expect(appended).toBeGreaterThan(1000)
  })

  it('ends a session at the limit when its events arrive one by one', () => {
    const driven = newDriven()
    for (let n = 0; n < 1001; n++) arrive(driven, [onTime(search(at(n), { eventId: `e${n}` }))], RULES)
    const [full] = [...driven.closed.values()]
    expect(full).toMatchObject({ limitedBy: { limit: 'max_events' }, events: { length: 1000 } })
    expect(driven.state.open.map(({ events }) => events.length)).toEqual([1])
  })

  it('recognizes a repeated event in a long session, and in each earlier state of it', () => {
    let state = NEW_USER
    const before: UserState[] = []
    for (let n = 0; n < 100; n++) {
      before.push(state)
      state = apply(state, [], [onTime(search(at(n), { eventId: `e${n}` }))], RULES).state
    }
    const repeated = onTime(search(at(70), { eventId: 'e70' }))
    expect(apply(state, [], [repeated], RULES)).toMatchObject({ duplicates: 1, changed: false })
    expect(apply(before[70] as UserState, [], [repeated], RULES)).toMatchObject({ duplicates: 0, accepted: 1 })
    expect(apply(before[71] as UserState, [], [repeated], RULES)).toMatchObject({ duplicates: 1, accepted: 0 })
  })
})
