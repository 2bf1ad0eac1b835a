// Tests that sessions and late events equal those of Bytewax 0.21 with lateEvents=divert (C7).

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SECOND_MS } from '../../../functions/domain/durations.ts'
import type { Rules } from '../../../functions/domain/sessions/rules.ts'
import { firstEvent, lastEvent } from '../../../functions/domain/sessions/session.ts'
import { arrive, drain, newDriven, sweepAt } from '../../support/drive.ts'
import { at, bare, RULES } from '../../support/events.ts'
import { SEED } from '../../support/random-log.ts'
import { sharedPath } from '../../support/shared.ts'

interface BytewaxCase {
  readonly gap: number
  readonly wait: number
  readonly arrivals: readonly { readonly sys: number; readonly t: number; readonly id: number }[]
  readonly sessions: readonly { readonly open: number; readonly close: number; readonly events: readonly number[] }[]
  readonly late: readonly number[]
}

const path = sharedPath('vectors/bytewax-sessions.json')
const cases: BytewaxCase[] = path === null ? [] : JSON.parse(readFileSync(path, 'utf8')).cases

/** @param sweepsAfter seconds from each arrival to a sweep. Without an entry no sweep follows. */
function run({ gap, wait, arrivals }: BytewaxCase, sweepsAfter: readonly number[]) {
  const rules: Rules = { ...RULES, gapMs: gap * SECOND_MS, latenessMs: wait * SECOND_MS, lateEvents: 'divert' }
  const driven = newDriven()
  for (const [n, { sys, t, id }] of arrivals.entries()) {
    arrive(driven, [{ event: bare('AppOpen', at(t), { eventId: String(id) }), arrivalMs: at(sys) }], rules)
    const next = arrivals[n + 1]?.sys ?? Number.POSITIVE_INFINITY
    const after = sweepsAfter[n]
    // The sweeper's horizon never passes a record that is not yet applied.
    if (after !== undefined) sweepAt(driven, Math.min(at(sys) + after * SECOND_MS, at(next)), rules)
  }
  const sessions = drain(driven, at(100_000), rules)
  return {
    sessions: sessions.map((session) => ({
      open: firstEvent(session).timeMs,
      close: lastEvent(session).timeMs,
      events: session.events.map(({ eventId }) => Number(eventId)).sort((a, b) => a - b),
    })),
    late: driven.rejected.map(({ arrival }) => Number(arrival.event.eventId)).sort((a, b) => a - b),
  }
}

function expected({ sessions, late }: BytewaxCase) {
  return {
    sessions: sessions.map(({ open, close, events }) => ({
      open: at(open),
      close: at(close),
      events: [...events].sort((a, b) => a - b),
    })),
    late: [...late].sort((a, b) => a - b),
  }
}

describe.skipIf(path === null)('the reference cases of Bytewax', () => {
  it('has at least 200 reference cases of Bytewax', () => {
    expect(cases.length).toBeGreaterThanOrEqual(200)
  })

  it('computes the reference cases of Bytewax without a sweep', () => {
    for (const [n, given] of cases.entries()) expect(run(given, []), `case ${n}`).toEqual(expected(given))
  })

  it('computes the reference cases of Bytewax whenever the sweeper runs', () => {
    const sweeps = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 12 })
    fc.assert(
      fc.property(fc.constantFrom(...cases), sweeps, (given, sweepsAfter) => {
        expect(run(given, sweepsAfter)).toEqual(expected(given))
      }),
      { seed: SEED, numRuns: 2000 },
    )
  })
})
