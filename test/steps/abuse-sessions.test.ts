// Tests users who send sessions without end: their work stays in proportion to what they send, and
// other users notice nothing.

import { beforeAll, describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { OPEN_SESSIONS_MAX } from '../../functions/domain/sessions/state-size.ts'
import { type IngestReport, ingest } from '../../functions/ingest/ingest.ts'
import type { ArrivedRecord, SessionStore } from '../../functions/ports.ts'
import { type SweepReport, sweep } from '../../functions/sweep/sweep.ts'
import { at, RULES, record } from '../support/events.ts'
import { memoryPipeline } from '../support/pipeline.ts'

/**
 * The calls of one invocation for which there is time. A third of a minute has time for 2,000 calls
 * of 10 milliseconds each.
 */
const CALLS_MAX = 2000
/** Calls after the last question for time: a portion and a chunk of each user that is written. */
const LAST_CALLS_MAX = 200

class Killed extends Error {}

/** A pipeline whose invocations count their calls, stop in time, and can be killed. */
function countedPipeline(rules: Rules = RULES) {
  const pipeline = memoryPipeline(rules)
  let calls = 0
  let killedAfter = Number.POSITIVE_INFINITY
  const most = { calls: 0 }
  const counted = <A extends unknown[], T>(call: (...given: A) => Promise<T>) => {
    return async (...given: A): Promise<T> => {
      if (calls >= killedAfter) throw new Killed('killed')
      calls++
      most.calls = Math.max(most.calls, calls)
      return call(...given)
    }
  }
  const sessions: SessionStore = {
    ...pipeline.sessions,
    loadUsers: counted(pipeline.sessions.loadUsers),
    loadClosed: counted(pipeline.sessions.loadClosed),
    saveUser: counted(pipeline.sessions.saveUser),
    putClosed: counted(pipeline.sessions.putClosed),
    putTombstone: counted(pipeline.sessions.putTombstone),
  }
  const hasTime = (): boolean => calls < CALLS_MAX
  const { timers } = pipeline
  const begin = (after: number): void => {
    calls = 0
    killedAfter = after
  }
  return {
    pipeline,
    most,
    take: (records: readonly ArrivedRecord[], nowMs: number): Promise<IngestReport> => {
      begin(Number.POSITIVE_INFINITY)
      return ingest(records, { ...pipeline.ports, sessions, hasTime }, rules, nowMs)
    },
    /** @param killedAfterCalls the calls after which Lambda ends the function. */
    sweepAt: (nowMs: number, killedAfterCalls = Number.POSITIVE_INFINITY): Promise<SweepReport> => {
      begin(killedAfterCalls)
      const horizon = { readUpTo: async () => nowMs }
      const settings = { rules, sweepEveryMs: MINUTE_MS }
      const sweepHasTime = killedAfterCalls === Number.POSITIVE_INFINITY ? hasTime : () => true
      return sweep({ drain: false }, { sessions, timers, horizon, hasTime: sweepHasTime }, settings, nowMs)
    },
  }
}

/** Redelivers from the first failed record on, as Lambda does. Returns the number of deliveries. */
async function deliver(
  records: readonly ArrivedRecord[],
  take: (some: readonly ArrivedRecord[]) => Promise<IngestReport>,
) {
  let rest = records
  const totals = { deliveries: 0, accepted: 0, tooLarge: 0 }
  while (rest.length > 0) {
    const { failed, accepted, rejected } = await take(rest)
    totals.deliveries++
    totals.accepted += accepted
    totals.tooLarge += rejected['too-large'] ?? 0
    if (failed === null) return totals
    expect(failed.cause).toBeNull()
    expect(totals.deliveries).toBeLessThan(100)
    rest = rest.slice(rest.findIndex(({ sequenceNumber }) => sequenceNumber === failed.sequenceNumber))
  }
  return totals
}

const RECORDS = 11
const CLOSERS = 9900

/** A record of closers, each a session of its own. */
function closers(n: number, everyMs = 100): ArrivedRecord {
  const events = Array.from({ length: CLOSERS }, (_, m) => {
    return { type: 'AppClose', user: 'robot', time: at(0) + m * everyMs, eventId: `close-${n}-${m}` }
  })
  return record(events, at(2000))
}

const PEOPLE = 400
const people = Array.from({ length: PEOPLE }, (_, n) =>
  record({ type: 'Search', user: `person ${n}`, query: 'dogs', time: at(1000), eventId: `search ${n}` }, at(2000)),
)
const LATER_MS = at(100_000)

describe('a user of 108,900 closers in eleven records, among 400 other users', () => {
  const robot = countedPipeline()
  let delivered: Awaited<ReturnType<typeof deliver>>
  beforeAll(async () => {
    const records = [...Array.from({ length: RECORDS }, (_, n) => closers(n)), ...people]
    delivered = await deliver(records, (some) => robot.take(some, at(2001)))
  }, 120_000)

  it('has 500 sessions of each record accepted, and the other events rejected', () => {
    expect(delivered.accepted).toBe(RECORDS * 500 + PEOPLE)
    expect(robot.pipeline.deadLetters.stored).toHaveLength(RECORDS * (CLOSERS - 500))
    expect(new Set(robot.pipeline.deadLetters.stored.map(({ reason }) => reason))).toEqual(new Set(['too-large']))
  })

  it('leaves no invocation with more calls than it has time for, and few invocations', () => {
    expect(robot.most.calls).toBeLessThan(CALLS_MAX + LAST_CALLS_MAX)
    expect(delivered.deliveries).toBeLessThan(8)
  })

  it('has at most 256 open sessions', () => {
    expect(robot.pipeline.sessions.states.get('robot')?.open.length).toBe(OPEN_SESSIONS_MAX)
  })

  it('is swept in parts that last when each sweep is killed', async () => {
    const openOf = (user: string) => robot.pipeline.sessions.states.get(user)?.open.length ?? 0
    const open = [openOf('robot')]
    for (let n = 0; n < 3; n++) {
      // The timers of the others are on pages with that of the robot, and they close first.
      await robot.sweepAt(LATER_MS + n, n === 0 ? 1000 : 120).catch(() => null)
      open.push(openOf('robot'))
    }
    expect(open[1]).toBeLessThan(OPEN_SESSIONS_MAX)
    expect(open[2]).toBeLessThanOrEqual(open[1] ?? 0)
    for (let n = 3; n < 10; n++) await robot.sweepAt(LATER_MS + n)
    expect(openOf('robot')).toBe(0)
  })

  it('closes no later than the sessions of all others', async () => {
    const beside = countedPipeline()
    await deliver([...Array.from({ length: RECORDS }, (_, n) => closers(n)), ...people], (some) =>
      beside.take(some, at(2001)),
    )
    const report = await beside.sweepAt(LATER_MS)
    const openUsers = [...beside.pipeline.sessions.states]
      .filter(([, { open }]) => open.length > 0)
      .map(([user]) => user)
    expect(openUsers.filter((user) => user !== 'robot')).toEqual([])
    expect(report.usersClosed).toBe(PEOPLE + 1)
    expect(beside.most.calls).toBeLessThan(CALLS_MAX + LAST_CALLS_MAX)
  }, 120_000)
})
