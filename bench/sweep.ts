// What a sweep costs: how many sessions are open and how many of them due in, its units and its time out.

import { dynamoSessionStore } from '../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../functions/aws/sessions-table/timer-store.ts'
import { sweep } from '../functions/sweep/sweep.ts'
import { type Endpoints, startEndpoints } from '../local/emulators/endpoints.ts'
import { BENCH_SETTINGS } from './bench-settings.ts'
import { benchClient, makeTables, sessionsSpec } from './bench-tables.ts'
import { putOpenUsers } from './open-sessions.ts'
import { idOf } from './standard-session.ts'
import { startUnitMeter, totalUnits } from './unit-meter.ts'

export interface SweepCost {
  readonly open: number
  readonly due: number
  /** Of the open, users whose timer has passed though their session lives on. */
  readonly passed: number
  readonly read: number
  readonly write: number
  readonly closed: number
  /** The shortest of several where nothing is due, else of one. */
  readonly ms: number
  /** Read units of the count of open users, which the first sweep of an hour makes. */
  readonly countRead: number
}

/** Filling the emulator with a million takes minutes. */
export const OPEN_COUNTS = [0, 1000, 1_000_000] as const
const DUE = 1000
const REPEATS = 5
/** Not at the full hour, when open users are counted. */
const NOW_MS = Date.parse('2026-03-02T09:10:00Z')
const HOUR_START_MS = Date.parse('2026-03-02T10:00:00Z')
/** Everything that is not due is due then. */
const LATER_MS = Date.parse('2026-03-02T23:00:00Z')

/** @param openCounts rising, since one table is filled up. */
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
    costs.push({ ...idle, open, due: 0, passed: 0, countRead })
    onStep(`${open} open, ${due} looked at`)
    const living = Array.from({ length: due }, (_, n) => idOf(`living ${open} ${n}`))
    await putOpenUsers(filling, table, living, NOW_MS, NOW_MS - 1)
    costs.push({ ...(await sweepOnce(table, NOW_MS, endpoints)), open, due: 0, passed: due, countRead })
    onStep(`${open} open, ${due} due`)
    // They come on top, so that those that are not due stay as many.
    const dueUsers = Array.from({ length: due }, (_, n) => idOf(`due ${open} ${n}`))
    const longAgoMs = NOW_MS - BENCH_SETTINGS.rules.gapMs - BENCH_SETTINGS.rules.latenessMs - 1000
    await putOpenUsers(filling, table, dueUsers, longAgoMs, NOW_MS - 1)
    costs.push({ ...(await sweepOnce(table, NOW_MS, endpoints)), open, due, passed: 0, countRead })
  }
  filling.destroy()
  return costs
}

type Swept = Pick<SweepCost, 'read' | 'write' | 'closed' | 'ms'>

async function repeated(times: number, once: () => Promise<Swept>): Promise<Swept> {
  let best = await once()
  for (let n = 1; n < times; n++) {
    const again = await once()
    if (again.ms < best.ms) best = again
  }
  return best
}

/** Through the meter, which takes its share of the time. */
async function sweepOnce(table: string, nowMs: number, endpoints: Endpoints): Promise<Swept> {
  const meter = await startUnitMeter(endpoints.dynamodb, () => null)
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
