// Named cases of sessions (S1-S6) and closing (C1-C7), one for each trap that other session windows fell into.

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
  it('joins at exactly the gap (S3)', () => expect(seconds(sessionsOf(opens(0, 10)))).toEqual([[0, 10]]))
  it('splits just after it', () => expect(seconds(sessionsOf(opens(0, 10.001)))).toEqual([[0], [10.001]]))
  it.each([[[0, 20, 10]], [[10, 0, 20]], [[20, 10, 0]], [[0, 10, 20]]])(
    'is bridged whatever the order: %j',
    (times) => {
      expect(seconds(sessionsOf(opens(...times)))).toEqual([[0, 10, 20]])
    },
  )
})

describe('AppClose and Timeout', () => {
  it('end the session that they belong to', () => {
    const events = [search(at(0)), bare('AppClose', at(5)), bare('AppOpen', at(6))]
    expect(seconds(sessionsOf(events))).toEqual([[0, 5], [6]])
  })

  it('come after everything else of their millisecond (S2)', () => {
    const events = [bare('AppClose', at(5)), bare('Timeout', at(5)), click(at(5), 'a'), search(at(5))]
    const [first, second] = sessionsOf(events)
    expect(first?.events.map((event) => event.type)).toEqual(['Search', 'ClickResult', 'Timeout'])
    expect(second?.events.map((event) => event.type)).toEqual(['AppClose'])
  })

  it('are sessions of their own where there is none to end (S4)', () => {
    const events = [search(at(0)), bare('AppClose', at(5)), bare('Timeout', at(8)), bare('AppClose', at(60))]
    expect(seconds(sessionsOf(events))).toEqual([[0, 5], [8], [60]])
  })

  it('split a session that was closed when they arrive late', () => {
    const driven = newDriven()
    arrive(driven, [search(at(0)), search(at(8)), search(at(16))].map(onTime), rules)
    sweepAt(driven, at(60), rules)
    expect(driven.state.open).toEqual([])
    arrive(driven, [{ event: bare('AppClose', at(9)), arrivalMs: at(70) }], rules)
    expect(seconds(drain(driven, at(100), rules))).toEqual([[0, 8, 9], [16]])
  })
})

describe('limits', () => {
  it('let the event that would pass the count begin the next session, which names the one before (S5)', () => {
    const [first, second] = sessionsOf(opens(0, 1, 2, 3, 4), { ...rules, maxSessionEvents: 3 })
    expect(first).toMatchObject({ limitedBy: { limit: 'max_events', atMs: at(3) }, continues: null })
    expect(second).toMatchObject({ limitedBy: null, continues: first?.ids[0] })
    expect(second?.events).toHaveLength(2)
  })

  it('let a session last exactly the longest duration', () => {
    const used = { ...rules, maxSessionDurationMs: 20 * SECOND_MS }
    expect(seconds(sessionsOf(opens(0, 10, 20), used))).toEqual([[0, 10, 20]])
    const [first] = sessionsOf(opens(0, 10, 19, 20.001), used)
    expect(first).toMatchObject({ limitedBy: { limit: 'max_duration' } })
  })

  it('do not count where the session ended anyway', () => {
    const events = [...opens(0, 1), bare('AppClose', at(2)), bare('AppOpen', at(3), { eventId: 'later' })]
    const [first, second] = sessionsOf(events, { ...rules, maxSessionEvents: 3 })
    expect(first?.limitedBy).toBeNull()
    expect(second?.continues).toBeNull()
  })

  it('close what they cut at once', () => {
    const { state } = apply(NEW_USER, [], opens(0, 1, 2).map(onTime), { ...rules, maxSessionEvents: 2 })
    const closings = toClose(state, at(2), { ...rules, maxSessionEvents: 2 }, 'limits')
    expect(closings.map(({ reason }) => reason)).toEqual(['max_events'])
  })

  it('keep a session of huge events within one table item', () => {
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

  it('closes strictly after the gap, not at it (C2)', () => {
    expect(isDue(session, at(10), rules)).toBe(false)
    expect(isDue(session, at(10) + 1, rules)).toBe(true)
  })

  it('closes a live session gap and lateness after its newest event arrived', () => {
    expect(dueAt(session, 0, rules)).toBe(at(11) + 1)
    expect(isDue(session, watermark(at(11), 0, rules), rules)).toBe(false)
    expect(isDue(session, watermark(at(11) + 1, 0, rules), rules)).toBe(true)
  })

  it('closes one that AppClose ended after the lateness', () => {
    const [closed] = sessionsOf([bare('AppClose', at(0))]) as [Session]
    expect(dueAt(closed, 0, rules)).toBe(at(1) + 1)
    expect(closeReason(closed, true, at(5), rules)).toBe('app_close')
  })

  it('follows the log when an old one is replayed (C1)', () => {
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
  it('amends it, and merges what it bridges (C6)', () => {
    const driven = newDriven()
    arrive(driven, opens(0, 20).map(onTime), rules)
    sweepAt(driven, at(60), rules)
    expect(driven.closed.size).toBe(2)
    arrive(driven, [{ event: bare('AppOpen', at(10), { eventId: 'bridge' }), arrivalMs: at(70) }], rules)
    expect(driven.state.open[0]?.ids).toHaveLength(2)
    expect(seconds(drain(driven, at(100), rules))).toEqual([[0, 10, 20]])
  })

  it('bridges an open and a closed one', () => {
    const driven = newDriven()
    arrive(driven, opens(0).map(onTime), rules)
    sweepAt(driven, at(15), rules)
    arrive(driven, [onTime(bare('AppOpen', at(18), { eventId: 'open' }))], rules)
    arrive(driven, [{ event: bare('AppOpen', at(9), { eventId: 'bridge' }), arrivalMs: at(19) }], rules)
    expect(seconds(drain(driven, at(100), rules))).toEqual([[0, 9, 18]])
  })

  it('is a duplicate where the closed session holds it already', () => {
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

  it('is too late more than amendFor behind the watermark', () => {
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

  it('is late though its session is open, when late events are diverted (C7)', () => {
    const driven = newDriven()
    arrive(driven, [{ event: bare('AppOpen', at(5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(4.5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(3.9)), arrivalMs: at(5) }], strict)
    expect(driven.rejected.map(({ reason }) => reason)).toEqual(['late'])
    expect(driven.accepted).toBe(2)
  })

  it('is late by the passing of time alone', () => {
    const driven = newDriven()
    arrive(driven, [{ event: bare('AppOpen', at(5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(4.5)), arrivalMs: at(7) }], strict)
    expect(driven.rejected).toHaveLength(1)
  })

  it('is kept out of no published result: a session that a limit cut waits for the watermark', () => {
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

  it('is told from one of a shard that lags: ingest closes nothing that is cut, however far its own shard is', () => {
    const used = { ...strict, maxSessionEvents: 2 }
    const driven = newDriven()
    arrive(driven, opens(5, 5.2, 5.4).map(onTime), used)
    arrive(driven, [onTime(bare('AppOpen', at(100), { eventId: 'of another shard' }))], used)
    expect(driven.closed.size).toBe(0)
    arrive(driven, [onTime(bare('AppOpen', at(5.3), { eventId: 'read late' }))], used)
    expect(driven.rejected).toEqual([])
    expect(seconds(drain(driven, at(200), used))).toEqual([[5, 5.2], [5.3, 5.4], [100]])
  })

  it('is no late one when it is a repetition', () => {
    const driven = newDriven()
    const event = bare('AppOpen', at(5))
    arrive(driven, [{ event, arrivalMs: at(5) }], strict)
    arrive(driven, [{ event, arrivalMs: at(50) }], strict)
    expect(driven).toMatchObject({ duplicates: 1, rejected: [] })
  })
})

/** A session of this many seconds from `start`, of about a kilobyte a second. */
function heavy(start: number, length: number) {
  return Array.from({ length }, (_, n) => {
    const list = Array.from({ length: 110 }, (_, item) => `${start + n}-${item}`)
    return onTime(results(at(start + n), list, { eventId: `r${start + n}` }))
  })
}

it('opens a large closed session again beside large open ones of the same user, by closing those first', () => {
  const driven = newDriven()
  // Nothing is due while its clock stands: the user's sessions are open together.
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

it('refuses a late event into a chain of full sessions that one item could not hold', () => {
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

describe('an event id that came back after its session had closed', () => {
  it('is one event again once a late event joins the two sessions, and stays one', () => {
    const driven = newDriven()
    arrive(driven, [onTime(search(at(0), { eventId: 'again' }))], rules)
    sweepAt(driven, at(12), rules)
    arrive(driven, [onTime(search(at(20), { eventId: 'again' }))], rules)
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

  it('are all taken in, as many at a time as fit', () => {
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
