// Measures the units and the time of a sweep, by how many sessions are open and how many are due.

import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { sweep } from '../../functions/sweep/sweep.ts'
import { type Endpoints, startEndpoints } from '../../local/emulators/endpoints.ts'
import { columns } from '../../terminal/text-table.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import { benchClient, makeTables, sessionsSpec } from '../bench-tables.ts'
import { idOf } from '../standard-session.ts'
import { putOpenUsers } from './open-sessions.ts'
import { startUnitMeter, totalUnits } from './unit-meter.ts'

export interface SweepCost {
  readonly open: number
  readonly due: number
  /** Open users whose timer fires although their session is not due. */
  readonly rescheduled: number
  readonly read: number
  readonly write: number
  readonly closed: number
  /** The shortest time of five sweeps where no timer fires, else the time of one. */
  readonly ms: number
  /** Read units that the hourly count of open users takes. */
  readonly countRead: number
}

/** It takes minutes to fill the emulator with a million. */
const OPEN_COUNTS = [0, 1000, 1_000_000] as const
const DUE = 1000
const REPEATS = 5
/** Not in the first sweep of an hour, in which the sweeper counts open users. */
const NOW_MS = Date.parse('2026-03-02T09:10:00Z')
const HOUR_START_MS = Date.parse('2026-03-02T10:00:00Z')
/** When the timers fire that must not fire in a sweep. */
const LATER_MS = Date.parse('2026-03-02T23:00:00Z')

/** @param openCounts rising, because the bench fills one table further for each. */
export async function measureSweep(
  onStep: (text: string) => void,
  openCounts: readonly number[] = OPEN_COUNTS,
  due = DUE,
): Promise<SweepCost[]> {
  const endpoints = await startEndpoints(null, null, process.env)
  try {
    return await sweepEach(openCounts, due, onStep, endpoints)
  } finally {
    await endpoints.stop()
  }
}

async function sweepEach(
  openCounts: readonly number[],
  due: number,
  onStep: (text: string) => void,
  endpoints: Endpoints,
): Promise<SweepCost[]> {
  const table = `bench-${Date.now().toString(36)}-sweep`
  await makeTables([sessionsSpec(table)], endpoints)
  const filling = benchClient(endpoints.dynamodb)
  const costs: SweepCost[] = []
  let filled = 0
  for (const open of openCounts) {
    onStep(`${open} open`)
    const more = Array.from({ length: open - filled }, (_, n) => idOf(`user ${filled + n}`))
    await putOpenUsers(filling, table, more, NOW_MS, LATER_MS)
    filled = open
    const idle = await repeated(REPEATS, () => sweepOnce(table, NOW_MS, endpoints))
    const { read: withCount } = await sweepOnce(table, HOUR_START_MS, endpoints)
    const countRead = withCount - idle.read
    costs.push({ ...idle, open, due: 0, rescheduled: 0, countRead })
    onStep(`${open} open, ${due} rescheduled`)
    const rescheduled = Array.from({ length: due }, (_, n) => idOf(`living ${open} ${n}`))
    await putOpenUsers(filling, table, rescheduled, NOW_MS, NOW_MS - 1)
    costs.push({ ...(await sweepOnce(table, NOW_MS, endpoints)), open, due: 0, rescheduled: due, countRead })
    onStep(`${open} open, ${due} due`)
    // Due users come on top, so that the number of the others stays the same.
    const dueUsers = Array.from({ length: due }, (_, n) => idOf(`due ${open} ${n}`))
    const longAgoMs = NOW_MS - BENCH_SETTINGS.rules.gapMs - BENCH_SETTINGS.rules.latenessMs - 1000
    await putOpenUsers(filling, table, dueUsers, longAgoMs, NOW_MS - 1)
    costs.push({ ...(await sweepOnce(table, NOW_MS, endpoints)), open, due, rescheduled: 0, countRead })
  }
  filling.destroy()
  return costs
}

type Swept = Pick<SweepCost, 'read' | 'write' | 'closed' | 'ms'>

async function repeated(times: number, once: () => Promise<Swept>): Promise<Swept> {
  let best = await once()
  for (let n = 1; n < times; n++) {
    const next = await once()
    if (next.ms < best.ms) best = next
  }
  return best
}

/** Sweeps once through the meter. The time includes the meter's own. */
async function sweepOnce(table: string, nowMs: number, endpoints: Endpoints): Promise<Swept> {
  const meter = await startUnitMeter(endpoints.dynamodb, [sessionsSpec(table)], () => null)
  const client = benchClient(meter.endpoint)
  try {
    const ports = {
      sessions: dynamoSessionStore(client, table),
      timers: dynamoTimerStore(client, table),
      horizon: { readUpTo: async () => nowMs },
      hasTime: () => true,
    }
    const startedMs = performance.now()
    const report = await sweep({ drain: false }, ports, BENCH_SETTINGS, nowMs)
    const ms = Math.round((performance.now() - startedMs) * 10) / 10
    if (report.failed !== null) throw report.failed.cause
    const { read, write } = meter.units()
    return { read: totalUnits(read), write: totalUnits(write), closed: report.closed, ms }
  } finally {
    client.destroy()
    await meter.stop()
  }
}

export function sweepText(costs: readonly SweepCost[]): string {
  const rows = costs.map(({ open, rescheduled, due, read, write, closed, ms, countRead }) =>
    [open, rescheduled, due, closed, read, write, ms, countRead].map(String),
  )
  return columns([
    ['open', 'of them rescheduled', 'due', 'closed', 'read', 'write', 'ms', 'hourly count, read'],
    ...rows,
  ])
}
