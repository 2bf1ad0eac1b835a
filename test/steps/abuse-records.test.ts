// Tests what large records, old events and full states cost: the work and the memory for them stay
// in proportion to what arrived.

import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '../../functions/domain/durations.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import { COPIES_MAX } from '../../functions/domain/sessions/old-arrivals.ts'
import { RECORD_SESSIONS_MAX } from '../../functions/domain/sessions/record-sessions.ts'
import { foundingId } from '../../functions/domain/sessions/session-id.ts'
import { STATE_BYTES_MAX, totalBytes } from '../../functions/domain/sessions/state-size.ts'
import { NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'
import { ingest, WAVE_BYTES_MAX } from '../../functions/ingest/ingest.ts'
import type { ArrivedRecord, SessionStore } from '../../functions/ports.ts'
import { sweep } from '../../functions/sweep/sweep.ts'
import { at, bare, RULES, record, type Sent } from '../support/events.ts'
import { memoryPipeline } from '../support/pipeline.ts'

/** Rules that count how often the code compares event times with the gap. */
function countingRules() {
  let compared = 0
  const rules = {
    ...RULES,
    get gapMs() {
      compared++
      return RULES.gapMs
    },
  }
  return { rules, compared: () => compared }
}

/** A pipeline that counts the calls to its store and the comparisons of times. */
function measuredPipeline() {
  const { rules, compared } = countingRules()
  const pipeline = memoryPipeline(rules)
  const calls = { loadClosed: 0, writes: 0 }
  const sessions: SessionStore = {
    ...pipeline.sessions,
    loadClosed: (user, range) => {
      calls.loadClosed++
      return pipeline.sessions.loadClosed(user, range)
    },
    saveUser: (...given) => {
      calls.writes++
      return pipeline.sessions.saveUser(...given)
    },
    putClosed: (...given) => {
      calls.writes++
      return pipeline.sessions.putClosed(...given)
    },
  }
  return {
    pipeline,
    /** Applies one record, and returns what that took. */
    take: async (one: ArrivedRecord) => {
      const before = { ...calls, compared: compared() }
      const report = await ingest([one], { ...pipeline.ports, sessions }, rules, one.arrivalMs)
      const work = {
        loads: calls.loadClosed - before.loadClosed,
        writes: calls.writes - before.writes,
        compared: compared() - before.compared,
      }
      return { report, work }
    },
  }
}

const EVENTS = 9900
/** Comparisons for an event of a record: to count its sessions, and to place it in its own. */
const COMPARED_EACH = 12
/** Writes for a session of a record: its closed item, and parts of the states around it. */
const WRITES_EACH = 1.5

function packed(n: number, arrivalMs: number, eventOf: (m: number) => Sent): ArrivedRecord {
  const events = Array.from({ length: EVENTS }, (_, m) => ({ user: 'robot', eventId: `${n}-${m}`, ...eventOf(m) }))
  return record(events, arrivalMs)
}

describe('twelve records of 9,900 closers of one user', () => {
  it('are applied with work that does not grow, in whatever order their times come', async () => {
    const { pipeline, take } = measuredPipeline()
    for (let n = 0; n < 12; n++) {
      // Every third record lies between the sessions of all others.
      const startMs = n % 3 === 0 ? at(0) + n : at(n * 4000)
      const one = packed(n, at(200_000), (m) => ({ type: 'AppClose', time: startMs + m * 150 }))
      const { report, work } = await take(one)
      expect(report).toMatchObject({ accepted: RECORD_SESSIONS_MAX, failed: null })
      expect(pipeline.progress.sequenceNumber).toBe(one.sequenceNumber)
      expect(work.compared).toBeLessThan(EVENTS * COMPARED_EACH)
      expect(work.writes).toBeLessThan(RECORD_SESSIONS_MAX * WRITES_EACH)
    }
  }, 120_000)
})

it('applies the same record of closers again without a write and with as little work', async () => {
  const { pipeline, take } = measuredPipeline()
  const one = packed(0, at(2000), (m) => ({ type: 'AppClose', time: at(0) + m * 100 }))
  await take(one)
  await pipeline.sweep(at(100_000))
  for (let n = 0; n < 3; n++) {
    const { report, work } = await take(one)
    expect(report).toMatchObject({ accepted: 0, duplicates: RECORD_SESSIONS_MAX, failed: null })
    expect(work.writes).toBe(0)
    expect(work.loads).toBeLessThan(20)
    expect(work.compared).toBeLessThan(EVENTS * COMPARED_EACH)
  }
})

it('rejects a record of old events, each a gap from the others, and reads closed sessions for few of them', async () => {
  const { pipeline, take } = measuredPipeline()
  const nowMs = at(0) + 3000 * DAY_MS
  await take(record({ type: 'AppClose', user: 'robot', time: nowMs }, nowMs))
  await pipeline.sweep(nowMs + HOUR_MS)
  expect(pipeline.sessions.closed.size).toBe(1)
  const old = packed(1, nowMs + HOUR_MS, (m) => ({ type: 'Search', query: 'dogs', time: at(0) + m * HOUR_MS }))
  const { report, work } = await take(old)
  expect(report.rejected).toEqual({ 'too-large': EVENTS - RECORD_SESSIONS_MAX, 'too-late': RECORD_SESSIONS_MAX })
  expect(work.loads).toBeLessThanOrEqual(COPIES_MAX)
  // The sessions of one record are bounded, so the other events come in records of their own.
  for (let n = 0; n < EVENTS; n += RECORD_SESSIONS_MAX) {
    const some = Array.from({ length: RECORD_SESSIONS_MAX }, (_, m) => {
      return { type: 'Search', user: 'robot', query: 'dogs', time: at(0) + (n + m) * HOUR_MS, eventId: `old ${n + m}` }
    })
    const each = await take(record(some, nowMs + HOUR_MS))
    expect(each.report.rejected).toEqual({ 'too-late': RECORD_SESSIONS_MAX })
    expect(each.work.loads).toBeLessThanOrEqual(COPIES_MAX)
  }
})

/** As much as a user may have open, in long sessions of small events. */
function fullState(): UserState {
  const open = []
  let n = 0
  for (let bytes = 0; bytes < STATE_BYTES_MAX; bytes += 1000 * 31) {
    const events = Array.from({ length: 1000 }, () => bare('AppOpen', at(n * 4), { eventId: `e${n++}` })) as [Event]
    open.push({ ids: [foundingId(events[0])] as const, continues: null, limitedBy: null, events })
    n += 1000
  }
  return { ...NEW_USER, version: 1, skewMs: 0, open }
}

/** A store in which each user has the same full state. It counts the bytes that it gives out. */
function storeOfFullStates() {
  const full = fullState()
  const bytesOfOne = totalBytes(full.open)
  const given = { atOnce: 0, most: 0, users: 0 }
  const sessions: SessionStore = {
    ...memoryPipeline(RULES).sessions,
    loadUsers: async (users) => {
      given.users += users.length
      given.atOnce += users.length * bytesOfOne
      given.most = Math.max(given.most, given.atOnce)
      return new Map(users.map((user) => [user, full]))
    },
    saveUser: async () => {
      given.atOnce -= bytesOfOne
    },
    putClosed: async () => {},
  }
  return { sessions, given, bytesOfOne }
}

/** A counted byte takes up to six bytes of memory, so this many take 150 MB. */
const BYTES_AT_ONCE_MAX = 25 * 1024 * 1024

describe('fifteen hundred users of full states', () => {
  const users = Array.from({ length: 1500 }, (_, n) => `robot ${n}`)

  it('are written in waves that hold few states at once', async () => {
    const { sessions, given, bytesOfOne } = storeOfFullStates()
    expect(bytesOfOne).toBeGreaterThan(STATE_BYTES_MAX * 0.8)
    const { ports } = memoryPipeline(RULES)
    const records = users.map((user) =>
      record({ type: 'AppOpen', user, time: at(999_000), eventId: 'new' }, at(999_000)),
    )
    const report = await ingest(records, { ...ports, sessions }, RULES, at(999_000))
    expect(report).toMatchObject({ accepted: 1500, failed: null })
    expect(given.users).toBeGreaterThanOrEqual(1500)
    expect(given.most).toBeLessThan(BYTES_AT_ONCE_MAX)
    expect(given.most).toBeGreaterThan(WAVE_BYTES_MAX)
  }, 120_000)

  it('are swept few at a time', async () => {
    const { sessions, given } = storeOfFullStates()
    const { timers } = memoryPipeline(RULES)
    await timers.put(users.map((user) => ({ user, atMs: at(0) })))
    const ports = { sessions, timers, horizon: { readUpTo: async (nowMs: number) => nowMs }, hasTime: () => true }
    await sweep({ drain: false }, ports, { rules: RULES, sweepEveryMs: 1 }, at(999_999))
    expect(given.users).toBeGreaterThanOrEqual(1500)
    expect(given.most).toBeLessThan(BYTES_AT_ONCE_MAX)
  }, 120_000)
})
