// Tests where sessions end: at the gap, at a closer and at a limit.

import { describe, expect, it } from 'vitest'
import { SECOND_MS } from '../../../functions/domain/durations.ts'
import { toClose } from '../../../functions/domain/sessions/closing.ts'
import { SESSION_BYTES_MAX } from '../../../functions/domain/sessions/session.ts'
import { apply, NEW_USER } from '../../../functions/domain/sessions/user-state.ts'
import { arrive, drain, newDriven, sweepAt } from '../../support/drive.ts'
import { at, bare, click, onTime, results, search } from '../../support/events.ts'
import { opens, SHORT_RULES as rules, seconds, sessionsOf } from './short-sessions.ts'

describe('the gap', () => {
  it('joins two events whose pause is exactly the gap (S3)', () =>
    expect(seconds(sessionsOf(opens(0, 10)))).toEqual([[0, 10]]))
  it('splits two events whose pause is just over the gap', () =>
    expect(seconds(sessionsOf(opens(0, 10.001)))).toEqual([[0], [10.001]]))
  it.each([[[0, 20, 10]], [[10, 0, 20]], [[20, 10, 0]], [[0, 10, 20]]])(
    'makes one session of three events, whatever their order of arrival: %j',
    (times) => {
      expect(seconds(sessionsOf(opens(...times)))).toEqual([[0, 10, 20]])
    },
  )
})

describe('AppClose and Timeout', () => {
  it('ends a session with its AppClose', () => {
    const events = [search(at(0)), bare('AppClose', at(5)), bare('AppOpen', at(6))]
    expect(seconds(sessionsOf(events))).toEqual([[0, 5], [6]])
  })

  it('orders a Timeout and an AppClose after all other events of their millisecond (S2)', () => {
    const events = [bare('AppClose', at(5)), bare('Timeout', at(5)), click(at(5), 'a'), search(at(5))]
    const [first, second] = sessionsOf(events)
    expect(first?.events.map((event) => event.type)).toEqual(['Search', 'ClickResult', 'Timeout'])
    expect(second?.events.map((event) => event.type)).toEqual(['AppClose'])
  })

  it('makes a session of a closer that has no session to end (S4)', () => {
    const events = [search(at(0)), bare('AppClose', at(5)), bare('Timeout', at(8)), bare('AppClose', at(60))]
    expect(seconds(sessionsOf(events))).toEqual([[0, 5], [8], [60]])
  })

  it('splits a closed session at an AppClose that arrives late', () => {
    const driven = newDriven()
    arrive(driven, [search(at(0)), search(at(8)), search(at(16))].map(onTime), rules)
    sweepAt(driven, at(60), rules)
    expect(driven.state.open).toEqual([])
    arrive(driven, [{ event: bare('AppClose', at(9)), arrivalMs: at(70) }], rules)
    expect(seconds(drain(driven, at(100), rules))).toEqual([[0, 8, 9], [16]])
  })
})

describe('limits', () => {
  it('starts the next session with the event that would pass the limit, and names the one before (S5)', () => {
    const [first, second] = sessionsOf(opens(0, 1, 2, 3, 4), { ...rules, maxSessionEvents: 3 })
    expect(first).toMatchObject({ limitedBy: { limit: 'max_events', atMs: at(3) }, continues: null })
    expect(second).toMatchObject({ limitedBy: null, continues: first?.ids[0] })
    expect(second?.events).toHaveLength(2)
  })

  it('lets a session last exactly as long as maxSessionDuration', () => {
    const used = { ...rules, maxSessionDurationMs: 20 * SECOND_MS }
    expect(seconds(sessionsOf(opens(0, 10, 20), used))).toEqual([[0, 10, 20]])
    const [first] = sessionsOf(opens(0, 10, 19, 20.001), used)
    expect(first).toMatchObject({ limitedBy: { limit: 'max_duration' } })
  })

  it('names no limit where a closer ended the full session', () => {
    const events = [...opens(0, 1), bare('AppClose', at(2)), bare('AppOpen', at(3), { eventId: 'later' })]
    const [first, second] = sessionsOf(events, { ...rules, maxSessionEvents: 3 })
    expect(first?.limitedBy).toBeNull()
    expect(second?.continues).toBeNull()
  })

  it('closes a session as soon as a limit ends it', () => {
    const { state } = apply(NEW_USER, [], opens(0, 1, 2).map(onTime), { ...rules, maxSessionEvents: 2 })
    const closings = toClose(state, at(2), { ...rules, maxSessionEvents: 2 }, 'limits')
    expect(closings.map(({ reason }) => reason)).toEqual(['max_events'])
  })

  it('ends a session of huge events before it overfills a table item', () => {
    const lists = Array.from({ length: 100 }, (_, n) => {
      return results(
        at(n / 10),
        Array.from({ length: 1000 }, (_, item) => `${n}-${item}`),
        { eventId: `r${n}` },
      )
    })
    const sessions = sessionsOf(lists)
    expect(sessions.flatMap((session) => session.events)).toHaveLength(100)
    for (const { events } of sessions) expect(events.length * 8000).toBeLessThan(SESSION_BYTES_MAX)
    expect(sessions.slice(0, -1).every((session) => session.limitedBy?.limit === 'max_bytes')).toBe(true)
  })
})
