// Tests that several sweepers share the closings evenly, and that none is lost when their number
// changes.

import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { sessionsSpec } from '../../bench/bench-tables.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import type { WorkShare } from '../../functions/domain/work-share.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import type { TimerStore } from '../../functions/ports.ts'
import { type SweepReport, sweep } from '../../functions/sweep/sweep.ts'
import { emulatedDynamo } from '../support/emulated-dynamo.ts'
import { at, RULES, record } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { makeTables } from '../support/tables.ts'

const USERS = 4000
/** The users whose sessions one batch of ingest opens. */
const USERS_IN_A_BATCH = 500
const DUE_MS = at(2000)
const SETTINGS = { rules: RULES, sweepEveryMs: MINUTE_MS }

const emulated = emulatedDynamo()
let pipeline: MemoryPipeline
let timers: TimerStore

/** Opens a session for each user, with the sessions in memory and the timers on DynamoDB. */
async function openAll(): Promise<void> {
  const table = `sessions-${randomUUID()}`
  await makeTables([sessionsSpec(table)], emulated.clients)
  timers = dynamoTimerStore(emulated.client, table)
  pipeline = memoryPipeline(RULES)
  for (let start = 0; start < USERS; start += USERS_IN_A_BATCH) {
    const records = Array.from({ length: USERS_IN_A_BATCH }, (_, n) => {
      const seconds = n % 60
      const event = { type: 'AppOpen', user: `user ${start + n}`, time: at(seconds), eventId: `e${start + n}` }
      return record(event, at(seconds))
    })
    await ingest(records, { ...pipeline.ports, timers }, RULES, at(60))
  }
}

function sweepShare(share?: WorkShare, nowMs = DUE_MS): Promise<SweepReport> {
  const horizon = { readUpTo: async () => nowMs }
  const ports = { sessions: pipeline.sessions, timers, horizon, hasTime: () => true }
  return sweep({ drain: false, ...(share && { share }) }, ports, SETTINGS, nowMs)
}

function sharesOf(of: number): WorkShare[] {
  return Array.from({ length: of }, (_, number) => ({ number, of }))
}

describe('sweepers', () => {
  beforeEach(openAll)

  it.each([2, 4, 8])('close equal shares of what is due, within a tenth, when they are %i', async (of) => {
    const closed = (await Promise.all(sharesOf(of).map((share) => sweepShare(share)))).map((report) => report.closed)
    expect(closed.reduce((sum, each) => sum + each, 0)).toBe(USERS)
    for (const each of closed) expect(Math.abs(each / (USERS / of) - 1)).toBeLessThan(0.1)
    expect(await sweepShare()).toMatchObject({ users: 0 })
  })

  it('leave no timer behind when a deployment changes their number', async () => {
    const three = await Promise.all([0, 5, 9].map((number) => sweepShare({ number, of: 16 })))
    const { closed } = await sweepShare({ number: 1, of: 3 })
    const rest = await sweepShare()
    expect([...three, rest].every((report) => report.closed > 0) && closed > 0).toBe(true)
    const all = [...three.map((report) => report.closed), closed, rest.closed].reduce((sum, each) => sum + each, 0)
    expect(all).toBe(USERS)
    expect([...pipeline.sessions.states.values()].every(({ open }) => open.length === 0)).toBe(true)
  })

  it('close each session once when their shares overlap', async () => {
    const reports = await Promise.all([...sharesOf(2), ...sharesOf(4)].map((share) => sweepShare(share)))
    expect(reports.filter(({ failed }) => failed !== null)).toEqual([])
    expect(pipeline.changes).toHaveLength(USERS)
    expect(await sweepShare()).toMatchObject({ users: 0 })
  })

  it('count the open users once for all of them', async () => {
    const counts = await Promise.all(sharesOf(4).map((share) => sweepShare(share, at(0) - (at(0) % HOUR_MS))))
    expect(counts.map(({ usersOpen }) => usersOpen)).toEqual([expect.closeTo(USERS, -2), null, null, null])
  })
})
