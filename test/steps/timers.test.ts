// Tests timers: each user with an open session has one that fires in time, and few timers fire for
// nothing.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { nextDueAt } from '../../functions/domain/sessions/timers.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import { type SessionStore, type Timer, type TimerStore, VersionConflictError } from '../../functions/ports.ts'
import { type SweepRequest, sweep } from '../../functions/sweep/sweep.ts'
import { at, RULES, record } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { randomSends, SEED } from '../support/random-log.ts'

const SETTINGS = { rules: RULES, sweepEveryMs: MINUTE_MS }
/** When a session that began at 0 is due if no other event arrives. */
const DUE = at(1860) + 1

const sent = (type: string, user: string, seconds: number, arrivedSeconds = seconds) =>
  record({ type, user, time: at(seconds), eventId: `${user}${seconds}` }, at(arrivedSeconds))

async function openedBy(users: readonly string[]): Promise<MemoryPipeline> {
  const pipeline = memoryPipeline(RULES)
  await pipeline.ingest(
    users.map((user) => sent('AppOpen', user, 0)),
    at(0),
  )
  return pipeline
}

function timersOf(pipeline: MemoryPipeline): Timer[] {
  return [...pipeline.timers.pages.values()].flat().sort((a, b) => a.atMs - b.atMs)
}

function sweepWith(
  pipeline: MemoryPipeline,
  own: Partial<{ sessions: SessionStore; timers: TimerStore; hasTime: () => boolean }>,
  nowMs: number,
  request: SweepRequest = { drain: false },
) {
  const horizon = { readUpTo: async () => nowMs }
  const { sessions, timers } = pipeline
  return sweep(request, { sessions, timers, horizon, hasTime: () => true, ...own }, SETTINGS, nowMs)
}

describe('a timer', () => {
  it('schedules a timer for when a session is due, on one page for all users of a batch', async () => {
    const pipeline = await openedBy(['ann', 'ben'])
    expect(pipeline.timers.pages.size).toBe(1)
    expect(timersOf(pipeline)).toEqual(['ann', 'ben'].map((user) => ({ user, atMs: DUE })))
    expect(await pipeline.sweep(DUE - 1)).toMatchObject({ users: 0 })
    expect(await pipeline.sweep(DUE)).toMatchObject({ users: 2, closed: 2, rescheduled: 0 })
    expect(timersOf(pipeline)).toEqual([])
  })

  it('schedules no timer for an event that makes a session due later; the sweep reschedules it', async () => {
    const pipeline = await openedBy(['ann'])
    await pipeline.ingest([sent('AppOpen', 'ann', 1700)], at(1700))
    expect(timersOf(pipeline)).toEqual([{ user: 'ann', atMs: DUE }])
    const before = pipeline.sessions.states.get('ann')
    expect(await pipeline.sweep(DUE)).toMatchObject({ users: 1, closed: 0, rescheduled: 1 })
    expect(pipeline.sessions.states.get('ann')).toBe(before)
    expect(timersOf(pipeline)).toEqual([{ user: 'ann', atMs: DUE + 1700 * SECOND_MS }])
    expect(await pipeline.sweep(DUE + 1700 * SECOND_MS)).toMatchObject({ closed: 1 })
  })

  it('schedules an earlier timer when an AppClose ends a session, which closes after the lateness', async () => {
    const pipeline = await openedBy(['ann', 'ben'])
    await pipeline.ingest([sent('AppClose', 'ann', 100), sent('AppClose', 'ben', 100)], at(100))
    expect(pipeline.timers.pages.size).toBe(2)
    expect(await pipeline.sweep(at(160))).toMatchObject({ users: 0 })
    expect(await pipeline.sweep(at(160) + 1)).toMatchObject({ users: 2, closed: 2 })
    // The first timers fire too. They cost a read and close nothing.
    expect(await pipeline.sweep(DUE)).toMatchObject({ users: 2, closed: 0, rescheduled: 0 })
    expect(timersOf(pipeline)).toEqual([])
  })

  it('schedules one timer, for the AppClose, when a session begins and ends in one batch', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('AppOpen', 'ann', 0), sent('AppClose', 'ann', 100)], at(100))
    expect(timersOf(pipeline)).toEqual([{ user: 'ann', atMs: at(160) + 1 }])
  })

  it('schedules no timer for a duplicate', async () => {
    const pipeline = await openedBy(['ann'])
    expect(await pipeline.ingest([sent('AppOpen', 'ann', 0)], at(1))).toMatchObject({ duplicates: 1 })
    expect(timersOf(pipeline)).toHaveLength(1)
  })

  it('decides each event of a batch once, for the timer and the state together', async () => {
    /** Deciding an event reads `amendForMs` once, and so does each expiry. */
    const readsFor = async (events: number): Promise<number> => {
      const pipeline = memoryPipeline(RULES)
      let reads = 0
      const rules: Rules = {
        ...RULES,
        get amendForMs() {
          reads++
          return RULES.amendForMs
        },
      }
      const batch = Array.from({ length: events }, (_, n) => sent('AppOpen', 'ann', n))
      expect(await ingest(batch, pipeline.ports, rules, at(events))).toMatchObject({ accepted: events })
      expect(timersOf(pipeline)).toHaveLength(1)
      return reads
    }
    expect((await readsFor(60)) - (await readsFor(10))).toBe(50)
  })

  it('stops a batch before any write when its timers cannot be put', async () => {
    const pipeline = memoryPipeline(RULES)
    const timers: TimerStore = { ...pipeline.timers, put: () => Promise.reject(new Error('throttled')) }
    const batch = ingest([sent('AppOpen', 'ann', 0)], { ...pipeline.ports, timers }, RULES, at(0))
    await expect(batch).rejects.toThrow('throttled')
    expect(pipeline.sessions.states.size).toBe(0)
  })

  it('schedules no timer that may fire before its state is written', async () => {
    const pipeline = await openedBy(['ann'])
    // The session is due at 160, before the AppClose arrives.
    await pipeline.ingest([sent('AppClose', 'ann', 100, 170)], at(171))
    expect(timersOf(pipeline)[0]).toEqual({ user: 'ann', atMs: at(170) + 1 })
  })

  it('schedules the timers of redelivered records for when no current invocation can still run', async () => {
    const pipeline = memoryPipeline(RULES, undefined, () => true)
    const nowMs = at(2 * 3600)
    await pipeline.ingest([sent('AppOpen', 'ann', 0)], nowMs)
    expect(timersOf(pipeline)).toEqual([{ user: 'ann', atMs: nowMs + 15 * MINUTE_MS }])
  })

  it('schedules the timers of a backlog by arrival times, not by the time of day', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('AppOpen', 'ann', 0)], at(5 * 3600))
    expect(timersOf(pipeline)).toEqual([{ user: 'ann', atMs: DUE }])
  })

  it('schedules a timer for a repeated write when another writer closed the session with the timer', async () => {
    const pipeline = await openedBy(['ann'])
    const stale = new Map(pipeline.sessions.states)
    await pipeline.sweep(at(1), true)
    for (const id of [...pipeline.timers.pages.keys()]) await pipeline.timers.remove(id)
    let loads = 0
    const sessions: SessionStore = {
      ...pipeline.sessions,
      loadUsers: async (users) => (loads++ === 0 ? stale : pipeline.sessions.loadUsers(users)),
    }
    const again = [sent('AppOpen', 'ann', 1000)]
    expect(await ingest(again, { ...pipeline.ports, sessions }, RULES, at(1000))).toMatchObject({ conflicts: 1 })
    expect(timersOf(pipeline)).toEqual([{ user: 'ann', atMs: DUE + 1000 * SECOND_MS }])
  })

  it('replaces a lost timer at the next event after its session was due', async () => {
    const pipeline = await openedBy(['ann'])
    for (const id of [...pipeline.timers.pages.keys()]) await pipeline.timers.remove(id)
    await pipeline.ingest([sent('AppOpen', 'ann', 9000)], at(9000))
    expect(await pipeline.sweep(at(9000) + 1)).toMatchObject({ users: 1, closed: 1, rescheduled: 1 })
  })
})

describe('a page of timers', () => {
  it.each([
    ['whose closing fails', new Error('item is broken')],
    ['whose writes all lose to other writers', new VersionConflictError('ann', 9)],
  ])('removes a page, and reschedules alone the user %s', async (_, failure) => {
    const pipeline = await openedBy(['ann', 'ben'])
    const sessions: SessionStore = {
      ...pipeline.sessions,
      putClosed: (closed, expiresAtMs) =>
        closed.user === 'ann' ? Promise.reject(failure) : pipeline.sessions.putClosed(closed, expiresAtMs),
    }
    expect(await sweepWith(pipeline, { sessions }, DUE)).toMatchObject({ users: 2, closed: 1 })
    expect(timersOf(pipeline)).toEqual([{ user: 'ann', atMs: DUE }])
    expect(await pipeline.sweep(DUE + 1)).toMatchObject({ users: 1, closed: 1, failed: null })
    expect(pipeline.timers.pages.size).toBe(0)
  })

  it('retains a page until its last timer fires, though all are timers of one user', async () => {
    const pipeline = memoryPipeline(RULES)
    const both = [10, 50].map((seconds) => ({ user: 'ann', atMs: at(seconds) }))
    await pipeline.timers.put(both)
    await pipeline.sweep(at(20))
    expect(timersOf(pipeline)).toEqual(both)
    await pipeline.sweep(at(50))
    expect(timersOf(pipeline)).toEqual([])
  })

  it('closes the sessions of a page’s other users when one state is unreadable', async () => {
    const pipeline = await openedBy(['ann', 'ben'])
    const broken = new Error('a shape of tomorrow')
    const sessions: SessionStore = {
      ...pipeline.sessions,
      loadUsers: async (users) => {
        if (users.includes('ann')) throw broken
        return pipeline.sessions.loadUsers(users)
      },
    }
    expect(await sweepWith(pipeline, { sessions }, DUE)).toMatchObject({
      closed: 1,
      failed: { count: 1, cause: broken },
    })
  })

  it('retains a page until its last timer fires', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('AppOpen', 'ann', 0), sent('AppOpen', 'ben', 20)], at(20))
    expect(await pipeline.sweep(DUE + 20 * SECOND_MS - 1)).toMatchObject({ users: 1, closed: 1 })
    expect(pipeline.timers.pages.size).toBe(1)
    expect(await pipeline.sweep(DUE + 20 * SECOND_MS)).toMatchObject({ closed: 1 })
    expect(pipeline.timers.pages.size).toBe(0)
  })

  it('retains a page when the next timers of its users cannot be put', async () => {
    const pipeline = await openedBy(['ann'])
    await pipeline.ingest([sent('AppOpen', 'ann', 1700)], at(1700))
    const throttled = new Error('throttled')
    const timers: TimerStore = { ...pipeline.timers, put: () => Promise.reject(throttled) }
    expect(await sweepWith(pipeline, { timers }, DUE)).toMatchObject({ failed: { cause: throttled } })
    expect(timersOf(pipeline)).toEqual([{ user: 'ann', atMs: DUE }])
  })

  it('fires the timers of a list when another list fails', async () => {
    const pipeline = await openedBy(['ann'])
    const broken = new Error('a shape of tomorrow')
    const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(broken) }) }
    const timers: TimerStore = { ...pipeline.timers, lists: (span) => [failing, ...pipeline.timers.lists(span)] }
    expect(await sweepWith(pipeline, { timers }, DUE)).toMatchObject({ closed: 1, failed: { cause: broken } })
  })

  it('leaves timers for the next sweep when the time is up', async () => {
    const pipeline = await openedBy(['ann', 'ben', 'cleo'])
    let checks = 0
    const hasTime = () => checks++ < 4
    const first = await sweepWith(pipeline, { hasTime }, DUE)
    expect(first).toMatchObject({ isUnfinished: true })
    expect(first.closed).toBeLessThan(3)
    expect(await pipeline.sweep(DUE)).toMatchObject({ isUnfinished: false, closed: 3 - first.closed })
    expect(timersOf(pipeline)).toEqual([])
  })
})

describe('a drain', () => {
  it('closes the session of every timer and leaves the timers, since ingest may need one (C5)', async () => {
    const pipeline = await openedBy(['ann', 'ben'])
    expect(await pipeline.sweep(at(110), true)).toMatchObject({ users: 2, closed: 2, stoppedAtMs: null })
    expect(timersOf(pipeline)).toHaveLength(2)
    expect(await pipeline.sweep(at(110), true)).toMatchObject({ closed: 0 })
    expect(await pipeline.sweep(DUE)).toMatchObject({ users: 2, closed: 0 })
    expect(timersOf(pipeline)).toEqual([])
  })

  it('continues a drain where the last one stopped, until every session is closed', async () => {
    const pipeline = memoryPipeline(RULES)
    const users = Array.from({ length: 30 }, (_, n) => `user ${n}`)
    for (const [n, user] of users.entries()) await pipeline.ingest([sent('AppOpen', user, n)], at(n))
    // Yield the pages one by one, as a long list is read.
    const timers: TimerStore = { ...pipeline.timers, lists: (span) => pipeline.timers.lists(span).map(oneByOne) }
    let closed = 0
    let drains = 0
    let fromMs: number | null | undefined
    while (fromMs !== null && drains++ < 100) {
      let pages = 0
      const hasTime = () => pages++ < 12
      const request = { drain: true, ...(fromMs !== undefined && { fromMs }) }
      const report = await sweepWith(pipeline, { timers, hasTime }, at(40), request)
      if (fromMs !== undefined && report.stoppedAtMs !== null) expect(report.stoppedAtMs).toBeGreaterThan(fromMs)
      closed += report.closed
      fromMs = report.stoppedAtMs
    }
    expect(closed).toBe(30)
    expect(drains).toBeGreaterThan(2)
  })

  async function* oneByOne<T>(list: AsyncIterable<readonly T[]>): AsyncIterable<readonly T[]> {
    for await (const all of list) for (const one of all) yield [one]
  }
})

describe('the count of users with an open session', () => {
  const opened = Array.from({ length: 300 }, (_, n) => `user ${n}`)

  it('counts the users with an open session in the first sweep of an hour, each user once', async () => {
    const pipeline = await openedBy(opened)
    await pipeline.timers.put(opened.slice(0, 100).map((user) => ({ user, atMs: at(9000) })))
    expect(timersOf(pipeline)).toHaveLength(400)
    const hourMs = Math.floor(at(0) / HOUR_MS) * HOUR_MS
    expect((await sweepWith(pipeline, {}, hourMs)).usersOpen).toBe(300)
    expect((await sweepWith(pipeline, {}, hourMs + MINUTE_MS)).usersOpen).toBeNull()
  })
})

describe('any delivery', () => {
  const rules = { ...RULES, gapMs: 40 * SECOND_MS, latenessMs: 5 * SECOND_MS, maxSessionEvents: 6 }
  /**
   * `delays` holds seconds for each event. `sweptAfter` marks the batches after which a sweep runs.
   */
  const delivery = fc.record({
    delays: fc.array(fc.constantFrom(0, 0, 1, 7, 40), { minLength: 30, maxLength: 30 }),
    batchSize: fc.integer({ min: 1, max: 5 }),
    sweptAfter: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
  })

  it('has a timer for every open session, no later than it is due or its events are applied', async () => {
    let timersSeen = 0
    await fc.assert(
      fc.asyncProperty(randomSends, delivery, async (sends, { delays, batchSize, sweptAfter }) => {
        const pipeline = memoryPipeline(rules)
        const records = sends
          .map((send, n) => record(send, (send.time as number) + (delays[n] ?? 0) * SECOND_MS))
          .sort((a, b) => a.arrivalMs - b.arrivalMs)
        for (let start = 0; start < records.length; start += batchSize) {
          const batch = records.slice(start, start + batchSize)
          const nowMs = batch.at(-1)?.arrivalMs ?? 0
          await pipeline.ingest(batch, nowMs)
          timersSeen += pipeline.timers.pages.size
          if (sweptAfter[start]) await pipeline.sweep(nowMs)
          for (const [user, state] of pipeline.sessions.states) {
            const ofUser = timersOf(pipeline).flatMap((timer) => (timer.user === user ? timer.atMs : []))
            const dueMs = nextDueAt(state, rules)
            if (dueMs !== null) expect(Math.min(...ofUser)).toBeLessThanOrEqual(Math.max(dueMs, nowMs + 1))
          }
        }
      }),
      { seed: SEED, numRuns: 500 },
    )
    expect(timersSeen).toBeGreaterThan(500)
  })
})
