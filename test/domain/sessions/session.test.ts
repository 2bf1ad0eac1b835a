// Tests sessions and closing, one case for each mistake that session windows are known for.

import { describe, expect, it } from 'vitest'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import type { Event } from '../../../functions/domain/events/event.ts'
import { compareEvents } from '../../../functions/domain/events/event.ts'
import { STATE_BYTES_MAX, totalBytes } from '../../../functions/domain/sessions/amending.ts'
import { closeReason, dueAt, isDue, watermark } from '../../../functions/domain/sessions/clock.ts'
import { evicted, toClose } from '../../../functions/domain/sessions/closing.ts'
import type { Rules } from '../../../functions/domain/sessions/rules.ts'
import { SESSION_BYTES_MAX, type Session, toSessions } from '../../../functions/domain/sessions/session.ts'
import { apply, NEW_USER } from '../../../functions/domain/sessions/user-state.ts'
import { arrive, close, drain, newDriven, sweepAt } from '../../support/drive.ts'
import { at, bare, click, onTime, RULES, results, search } from '../../support/events.ts'

const rules: Rules = { ...RULES, gapMs: 10 * SECOND_MS, latenessMs: SECOND_MS }

function sessionsOf(events: readonly Event[], used: Rules = rules): Session[] {
  return toSessions([...events].sort(compareEvents), [], used)
}

/** Seconds of each session's events. */
function seconds(sessions: readonly Session[]): number[][] {
  return sessions.map((session) => session.events.map((event) => (event.timeMs - at(0)) / SECOND_MS))
}

function opens(...times: number[]): Event[] {
  return times.map((time, n) => bare('AppOpen', at(time), { eventId: `e${n}` }))
}

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
    expect(sessions.slice(0, -1).every((session) => session.limitedBy?.limit === 'max_events')).toBe(true)
  })
})

describe('the clock', () => {
  const [session] = sessionsOf(opens(0)) as [Session]

  it('makes a session due when the watermark is past the gap, not at it (C2)', () => {
    expect(isDue(session, at(10), rules)).toBe(false)
    expect(isDue(session, at(10) + 1, rules)).toBe(true)
  })

  it('makes a live session due gap and lateness after its newest event arrived', () => {
    expect(dueAt(session, 0, rules)).toBe(at(11) + 1)
    expect(isDue(session, watermark(at(11), 0, rules), rules)).toBe(false)
    expect(isDue(session, watermark(at(11) + 1, 0, rules), rules)).toBe(true)
  })

  it('makes a session with an AppClose due after the lateness alone', () => {
    const [closed] = sessionsOf([bare('AppClose', at(0))]) as [Session]
    expect(dueAt(closed, 0, rules)).toBe(at(1) + 1)
    expect(closeReason(closed, true, at(5), rules)).toBe('app_close')
  })

  it('follows the times of an old log that is replayed (C1)', () => {
    const driven = newDriven()
    const replayedMs = at(0) + 300 * DAY_MS
    arrive(
      driven,
      opens(0, 5).map((event) => ({ event, arrivalMs: replayedMs })),
      rules,
    )
    expect(driven.rejected).toEqual([])
    sweepAt(driven, replayedMs + 10 * SECOND_MS, rules)
    expect(driven.state.open).toHaveLength(1)
    sweepAt(driven, replayedMs + 12 * SECOND_MS, rules)
    expect(driven.state.open).toHaveLength(0)
  })
})

describe('an event for a closed session', () => {
  it('reopens and merges two closed sessions for an event between them (C6)', () => {
    const driven = newDriven()
    arrive(driven, opens(0, 20).map(onTime), rules)
    sweepAt(driven, at(60), rules)
    expect(driven.closed.size).toBe(2)
    arrive(driven, [{ event: bare('AppOpen', at(10), { eventId: 'bridge' }), arrivalMs: at(70) }], rules)
    expect(driven.state.open[0]?.ids).toHaveLength(2)
    expect(seconds(drain(driven, at(100), rules))).toEqual([[0, 10, 20]])
  })

  it('merges a closed and an open session for an event between them', () => {
    const driven = newDriven()
    arrive(driven, opens(0).map(onTime), rules)
    sweepAt(driven, at(15), rules)
    arrive(driven, [onTime(bare('AppOpen', at(18), { eventId: 'open' }))], rules)
    arrive(driven, [{ event: bare('AppOpen', at(9), { eventId: 'bridge' }), arrivalMs: at(19) }], rules)
    expect(seconds(drain(driven, at(100), rules))).toEqual([[0, 9, 18]])
  })

  it('counts an event that a closed session holds already as a duplicate', () => {
    const driven = newDriven()
    arrive(driven, opens(0).map(onTime), rules)
    sweepAt(driven, at(60), rules)
    arrive(
      driven,
      opens(0).map((event) => ({ event, arrivalMs: at(70) })),
      rules,
    )
    expect(driven).toMatchObject({ duplicates: 1, accepted: 1 })
    expect(driven.state.open).toEqual([])
  })

  it('rejects an event more than amendFor behind the watermark as too late', () => {
    const used = { ...rules, amendForMs: MINUTE_MS }
    const driven = newDriven()
    arrive(driven, opens(100).map(onTime), used)
    const late = (time: number) => [{ event: bare('AppOpen', at(time), { eventId: `at${time}` }), arrivalMs: at(100) }]
    arrive(driven, late(39), used)
    expect(driven.rejected).toEqual([])
    arrive(driven, late(38.999), used)
    expect(driven.rejected.map(({ reason }) => reason)).toEqual(['too-late'])
  })
})

describe('an event behind the watermark', () => {
  const strict = { ...rules, lateEvents: 'divert' as const }

  it('diverts an event behind the watermark although its session is open (C7)', () => {
    const driven = newDriven()
    arrive(driven, [{ event: bare('AppOpen', at(5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(4.5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(3.9)), arrivalMs: at(5) }], strict)
    expect(driven.rejected.map(({ reason }) => reason)).toEqual(['late'])
    expect(driven.accepted).toBe(2)
  })

  it('diverts an event that the passing of time alone put behind the watermark', () => {
    const driven = newDriven()
    arrive(driven, [{ event: bare('AppOpen', at(5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(4.5)), arrivalMs: at(7) }], strict)
    expect(driven.rejected).toHaveLength(1)
  })

  it('holds a full session open until the watermark passes it when late events are diverted', () => {
    const used = { ...strict, maxSessionEvents: 2 }
    const driven = newDriven()
    arrive(driven, opens(5, 5.2, 5.4).map(onTime), used)
    sweepAt(driven, at(6.4), used)
    expect(driven.closed.size).toBe(0)
    arrive(driven, [{ event: bare('AppOpen', at(5.3), { eventId: 'in time' }), arrivalMs: at(6) }], used)
    expect(driven.rejected).toEqual([])
    sweepAt(driven, at(6.3) + 1, used)
    expect(seconds([...driven.closed.values()])).toEqual([[5, 5.2]])
    expect(seconds(drain(driven, at(100), used))).toEqual([
      [5, 5.2],
      [5.3, 5.4],
    ])
  })

  it('leaves full sessions to the sweeper when late events are diverted, since another shard may lag', () => {
    const used = { ...strict, maxSessionEvents: 2 }
    const driven = newDriven()
    arrive(driven, opens(5, 5.2, 5.4).map(onTime), used)
    arrive(driven, [onTime(bare('AppOpen', at(100), { eventId: 'of another shard' }))], used)
    expect(driven.closed.size).toBe(0)
    arrive(driven, [onTime(bare('AppOpen', at(5.3), { eventId: 'read late' }))], used)
    expect(driven.rejected).toEqual([])
    expect(seconds(drain(driven, at(200), used))).toEqual([[5, 5.2], [5.3, 5.4], [100]])
  })

  it('counts a repeated event behind the watermark as a duplicate, not as late', () => {
    const driven = newDriven()
    const event = bare('AppOpen', at(5))
    arrive(driven, [{ event, arrivalMs: at(5) }], strict)
    arrive(driven, [{ event, arrivalMs: at(50) }], strict)
    expect(driven).toMatchObject({ duplicates: 1, rejected: [] })
  })
})

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

it('rejects a late event for a run of full sessions that one item could not hold', () => {
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

describe('an event id that two sessions hold', () => {
  it('drops the second copy of an event when a late event merges the sessions of both', () => {
    const driven = newDriven()
    arrive(driven, [onTime(search(at(0), { eventId: 'twice' }))], rules)
    sweepAt(driven, at(12), rules)
    arrive(driven, [onTime(search(at(20), { eventId: 'twice' }))], rules)
    sweepAt(driven, at(60), rules)
    expect(driven.closed.size).toBe(2)
    for (const second of [10, 5, 15, 8]) {
      arrive(driven, [{ event: bare('AppOpen', at(second), { eventId: `late ${second}` }), arrivalMs: at(70) }], rules)
      sweepAt(driven, at(70 + second), rules)
    }
    expect(seconds(drain(driven, at(999), rules))).toEqual([[0, 5, 8, 10, 15]])
  })
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

  it('applies late events for many closed sessions in batches that fit one item', () => {
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
