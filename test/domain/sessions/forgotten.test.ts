// Tests that the domain drops a forgotten user's arrivals from before the moment, and only those.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR_MS } from '../../../functions/domain/durations.ts'
import type { Arrival } from '../../../functions/domain/events/event.ts'
import { affectedRanges } from '../../../functions/domain/sessions/affected-ranges.ts'
import { planCapacity } from '../../../functions/domain/sessions/capacity.ts'
import { isForgotten, mergeForgotten } from '../../../functions/domain/sessions/forgotten.ts'
import { apply, NEW_USER, type UserState } from '../../../functions/domain/sessions/user-state.ts'
import { at, bare, RULES } from '../../support/events.ts'
import { randomLog, SEED } from '../../support/random-log.ts'

const FORGOTTEN = { atMs: at(60), untilMs: at(1_000_000), pendingTombstones: [] }
const STATE: UserState = { ...NEW_USER, version: 7, forgotten: FORGOTTEN }

function arrival(timeSeconds: number, arrivalSeconds: number): Arrival {
  return { event: bare('AppOpen', at(timeSeconds)), arrivalMs: at(arrivalSeconds) }
}

describe('an arrival', () => {
  it.each([
    ['drops', 'happened and arrived before', 10, 20, true],
    ['drops', 'happened before and arrived after', 60, 3000, true],
    ['drops', 'arrived before, with a later time of its own', 70, 60, true],
    ['accepts', 'happened and arrived after', 61, 61, false],
  ])('%s an event of a forgotten user that %s the moment', (_, _when, timeSeconds, arrivalSeconds, expected) => {
    expect(isForgotten(arrival(timeSeconds, arrivalSeconds), FORGOTTEN)).toBe(expected)
    expect(isForgotten(arrival(timeSeconds, arrivalSeconds), null)).toBe(false)
    const { state, forgotten, changed } = apply(STATE, [], [arrival(timeSeconds, arrivalSeconds)], RULES)
    expect([forgotten, changed]).toEqual([expected ? 1 : 0, !expected])
    if (expected) expect(state).toEqual(STATE)
  })
})

describe('a state that is forgotten', () => {
  const arrivals = fc
    .tuple(randomLog, fc.array(fc.integer({ min: -10, max: 200 }), { minLength: 30, maxLength: 30 }))
    .map(([log, delays]) =>
      log.map((event, n): Arrival => ({ event, arrivalMs: event.timeMs + (delays[n] ?? 0) * 1000 })),
    )

  it.each(['amend', 'divert'] as const)(
    'applies arrivals as if those from before the moment did not exist, with lateEvents %s',
    (lateEvents) => {
      const rules = { ...RULES, lateEvents, latenessMs: 0, amendForMs: HOUR_MS }
      fc.assert(
        fc.property(arrivals, (all) => {
          const after = all.filter((one) => !isForgotten(one, FORGOTTEN))
          const [given, expected] = [apply(STATE, [], all, rules), apply(STATE, [], after, rules)]
          expect(given).toEqual({ ...expected, forgotten: all.length - after.length })
          expect(given.accepted + given.duplicates + given.rejected.length + given.forgotten).toBe(all.length)
          expect(planCapacity(STATE, [], all, rules).groups.flat().length).toBe(all.length)
          const withClosed = { ...STATE, lastAffectingTimeMs: at(1000) }
          expect(affectedRanges(withClosed, all, rules)).toEqual(affectedRanges(withClosed, after, rules))
        }),
        { seed: SEED, numRuns: 1000 },
      )
    },
  )

  it('merges two requests to forget into the later moments of both, in either order', () => {
    const [one, other] = [
      { atMs: 1, untilMs: 20, pendingTombstones: ['a', 'b'] },
      { atMs: 2, untilMs: 10, pendingTombstones: ['b', 'c'] },
    ]
    const both = { atMs: 2, untilMs: 20 }
    expect(mergeForgotten(one, other)).toEqual({ ...both, pendingTombstones: ['a', 'b', 'c'] })
    expect(mergeForgotten(other, one)).toEqual({ ...both, pendingTombstones: ['b', 'c', 'a'] })
    expect(mergeForgotten(null, one)).toEqual(one)
  })
})
