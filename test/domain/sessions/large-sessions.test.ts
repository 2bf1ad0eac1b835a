// Tests late events for sessions that fill the item of their user.

import { describe, expect, it } from 'vitest'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import { evicted } from '../../../functions/domain/sessions/closing.ts'
import { STATE_BYTES_MAX, totalBytes } from '../../../functions/domain/sessions/state-size.ts'
import { arrive, close, drain, newDriven, sweepAt } from '../../support/drive.ts'
import { at, onTime, results, search } from '../../support/events.ts'
import { SHORT_RULES as rules } from './short-sessions.ts'

/** A session from second `start` of this many seconds, with about a kilobyte a second. */
function heavy(start: number, length: number) {
  return Array.from({ length }, (_, n) => {
    const list = Array.from({ length: 110 }, (_, item) => `${start + n}-${item}`)
    return onTime(results(at(start + n), list, { eventId: `r${start + n}` }))
  })
}

it('closes large open sessions first to reopen a large closed one of the same user', () => {
  const driven = newDriven()
  // With this lateness no session is due, so all of the user's sessions stay open together.
  const patient = { ...rules, latenessMs: DAY_MS }
  for (const arrival of [...heavy(0, 100), ...heavy(1000, 100)]) arrive(driven, [arrival], patient)
  close(driven, evicted(driven.state, driven.state.open.slice(0, 1), at(1099), patient), patient)
  for (const arrival of heavy(2000, 100)) arrive(driven, [arrival], patient)
  expect([driven.state.open.length, driven.closed.size]).toEqual([2, 1])

  arrive(driven, [{ event: search(at(50.5)), arrivalMs: at(2100) }], patient)
  expect(driven.rejected).toEqual([])
  expect(totalBytes(driven.state.open)).toBeLessThanOrEqual(STATE_BYTES_MAX)
  expect(drain(driven, at(9999), patient).map(({ events }) => events.length)).toEqual([101, 100, 100])
})

it('rejects a late event for a chain of full sessions that one item could not hold', () => {
  const used = { ...rules, maxSessionEvents: 50 }
  const driven = newDriven()
  for (let n = 0; n < 600; n++) {
    const list = Array.from({ length: 100 }, (_, item) => `${n}-${item}`)
    arrive(driven, [onTime(results(at(n), list, { eventId: `r${n}` }))], used)
  }
  arrive(driven, [{ event: search(at(1.5)), arrivalMs: at(601) }], used)
  expect(driven.rejected.map(({ reason }) => reason)).toEqual(['too-late'])
  arrive(driven, [{ event: search(at(599.5)), arrivalMs: at(601) }], used)
  expect(driven.accepted).toBe(601)
})

describe('late events for many closed sessions at once', () => {
  const day = (n: number): number => 100_000 * n
  const closedDays = () => {
    const driven = newDriven()
    for (let n = 0; n < 12; n++) {
      for (const arrival of heavy(day(n), 60)) arrive(driven, [arrival], rules)
      sweepAt(driven, at(day(n) + 500), rules)
    }
    return driven
  }
  const lateOn = (n: number) => ({
    event: search(at(day(n) + 30.5), { eventId: `late ${n}` }),
    arrivalMs: at(day(11) + 600),
  })

  it('applies late events for many closed sessions in groups that fit one item', () => {
    const patient = { ...rules, amendForMs: 99 * DAY_MS }
    const driven = closedDays()
    arrive(
      driven,
      Array.from({ length: 12 }, (_, n) => lateOn(n)),
      patient,
    )
    expect(driven.rejected).toEqual([])
    expect(totalBytes(driven.state.open)).toBeLessThanOrEqual(STATE_BYTES_MAX)
    expect(drain(driven, at(day(12)), patient).map(({ events }) => events.length)).toEqual(Array(12).fill(61))
  })
})
