// Roll up: a schedule's tick in; every hour of which rows changed, and its day, summed anew from the rows out.

import pMap from 'p-map'
import { addCounts, type Counts } from '../domain/counts.ts'
import {
  type Day,
  type DayRollup,
  dayKey,
  dayOf,
  dayRollup,
  type Hour,
  type HourRollup,
  hourKey,
  hourRollup,
  SLICES,
  sumRows,
} from '../domain/rollup.ts'
import { type RollupStamp, type RollupStore, StoreConflict, type Touch, type Touches } from '../ports.ts'
import { rankQueries } from './rank-queries.ts'

export interface RollupPorts {
  readonly touches: Touches
  readonly rollups: RollupStore
  /** False when the time for this run is up: what is left is for the next one. */
  readonly hasTime: () => boolean
}

export interface RollupSettings {
  readonly rollupRetentionMs: number
  /** A day's queries are ranked at most this often, since that reads all its rows. */
  readonly rankEveryMs: number
}

export interface RollupReport {
  /** Summed anew. */
  readonly hours: number
  readonly days: number
  /** Of which the queries were ranked anew. */
  readonly daysRanked: number
  readonly rowsRead: number
  /** Days left for the next run: another one was first. */
  readonly conflicts: number
  readonly isUnfinished: boolean
}

/** A touch is of the beginning of its invocation, and the index trails the rows: together by less than this. */
const SETTLES_MS = 15 * 60_000
/** More are for the next run. */
const TOUCHES_MAX = 10_000
const HOURS_AT_ONCE = 2

/**
 * Sums are made of the rows, never added to, so a run may come twice, late or not at all. An hour stays touched until it
 * was summed when its rows had been at rest for a while: the index may trail them. With `drain`, queries are ranked now.
 */
export async function rollup(
  { drain }: { readonly drain: boolean },
  ports: RollupPorts,
  settings: RollupSettings,
  nowMs: number,
): Promise<RollupReport> {
  const tally = { hours: 0, days: 0, daysRanked: 0, rowsRead: 0, conflicts: 0 }
  const stamp = { computedAtMs: nowMs, expiresAtMs: nowMs + settings.rollupRetentionMs }
  const touches = await firstTouches(ports.touches)
  const hours = touches.filter(({ kind }) => kind === 'hour')
  const byDay = groupByDay(hours)
  for (const [day, ofDay] of byDay) {
    if (!ports.hasTime()) return { ...tally, isUnfinished: true }
    await unlessOvertaken(tally, async () => {
      await sumDay(day, ofDay, ports, stamp, tally)
      await settleAll(
        ofDay.filter(({ atMs }) => atMs <= nowMs - SETTLES_MS),
        ports,
      )
    })
  }
  const toRank = touches.filter(({ kind }) => kind === 'queries')
  for (const day of new Set([...toRank.map(({ of }) => of), ...byDay.keys()])) {
    if (!ports.hasTime()) return { ...tally, isUnfinished: true }
    await unlessOvertaken(tally, async () => {
      const isRanked = await rankQueries(day, drain ? 0 : settings.rankEveryMs, ports, stamp, tally)
      // While its hours are touched, there is more to come.
      if (isRanked && !byDay.has(day))
        await settleAll(
          toRank.filter(({ of }) => of === day),
          ports,
        )
    })
  }
  return { ...tally, isUnfinished: !ports.hasTime() || touches.length === TOUCHES_MAX }
}

type Tally = { -readonly [count in keyof Omit<RollupReport, 'isUnfinished'>]: number }

async function firstTouches(touches: Touches): Promise<Touch[]> {
  const found: Touch[] = []
  for await (const page of touches.touched()) {
    found.push(...page.slice(0, TOUCHES_MAX - found.length))
    if (found.length === TOUCHES_MAX) break
  }
  return found
}

function groupByDay(touches: readonly Touch[]): Map<Day, Touch[]> {
  const byDay = new Map<Day, Touch[]>()
  for (const touch of touches) byDay.set(dayOf(touch.of), [...(byDay.get(dayOf(touch.of)) ?? []), touch])
  return byDay
}

async function settleAll(touches: readonly Touch[], ports: RollupPorts): Promise<void> {
  await pMap(touches, (touch) => ports.touches.settle(touch), { concurrency: HOURS_AT_ONCE })
}

/** Two runs at once: the other one may have read less, so what it wrote is read again, but by the next run. */
async function unlessOvertaken(tally: Tally, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error
    tally.conflicts++
  }
}

async function sumDay(
  day: Day,
  touched: readonly Touch[],
  ports: RollupPorts,
  stamp: RollupStamp,
  tally: Tally,
): Promise<void> {
  await pMap(touched, ({ of }) => sumHour(of, ports, stamp, tally), { concurrency: HOURS_AT_ONCE })
  const stored = await ports.rollups.load<DayRollup>(dayKey(day))
  const summed = dayRollup(day, await ports.rollups.hoursOf(day))
  if (await saveIfChanged(summed, stored, ports.rollups, stamp)) tally.days++
  await ports.touches.touch([{ kind: 'queries', of: day, atMs: stamp.computedAtMs }])
}

async function sumHour(hour: Hour, { rollups }: RollupPorts, stamp: RollupStamp, tally: Tally): Promise<void> {
  // Before the rows are read: who writes meanwhile is noticed.
  const stored = await rollups.load<HourRollup>(hourKey(hour))
  // Of the rows that it counts, some are gone.
  const expireAt = stored?.rollup.rows_expire_at ?? null
  if (expireAt !== null && Date.parse(expireAt) <= stamp.computedAtMs) return
  let firstExpiryMs = Number.POSITIVE_INFINITY
  const sums = await pMap(SLICES, async (slice) => {
    let sum: Counts = {}
    for await (const kept of rollups.rowsOf(hour, slice)) {
      sum = addCounts(sum, sumRows(kept.map(({ row }) => row)))
      for (const { expiresAtMs } of kept) firstExpiryMs = Math.min(firstExpiryMs, expiresAtMs)
      tally.rowsRead += kept.length
    }
    return sum
  })
  const rowsExpireAtMs = Number.isFinite(firstExpiryMs) ? firstExpiryMs : null
  const summed = hourRollup(hour, sums.reduce(addCounts, {}), rowsExpireAtMs)
  if (await saveIfChanged(summed, stored, rollups, stamp)) tally.hours++
}

async function saveIfChanged<T extends HourRollup | DayRollup>(
  summed: T,
  stored: { readonly rollup: T; readonly revision: number } | null,
  rollups: RollupStore,
  stamp: RollupStamp,
): Promise<boolean> {
  const isSame =
    stored !== null && Object.entries(summed).every(([name, value]) => stored.rollup[name as keyof T] === value)
  if (isSame) return false
  await rollups.save(summed, stored?.revision ?? 0, stamp)
  return true
}
