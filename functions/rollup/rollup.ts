// Roll up: a schedule's tick in; every hour of which rows changed, and its day, summed anew from the rows out.

import pMap from 'p-map'
import { addCounts, type Counts } from '../domain/results/counts.ts'
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
  type Slice,
  sumRows,
} from '../domain/results/rollup.ts'
import {
  type DirtyHours,
  type RollupMetadata,
  type RollupStore,
  type StoredDirtyPeriod,
  VersionConflictError,
} from '../ports.ts'
import { rankQueries } from './rank-queries.ts'

export interface RollupPorts {
  readonly dirtyHours: DirtyHours
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
  /** Left for the next run: another one was first. */
  readonly conflicts: number
  readonly isUnfinished: boolean
  /** How many hours, days and rankings failed, and why the first did. The others were done all the same. */
  readonly failed: { readonly count: number; readonly cause: unknown } | null
}

/** The index that the rows are read by is behind by less than this. */
const SETTLES_MS = 15 * 60_000
/** More are for the next run. */
const DIRTY_PERIODS_MAX = 10_000
const SETTLED_AT_ONCE = 8
/** Of one hour, of which each may hold a page of the index. */
const SLICES_AT_ONCE = 8

/**
 * Sums are made of the rows, never added to, so a run may come twice, late or not at all. An hour stays dirtyPeriods until it
 * was summed some time after a run saw the touch: the index may trail the rows. With `drain`, queries are ranked now.
 */
export async function rollup(
  { drain }: { readonly drain: boolean },
  ports: RollupPorts,
  settings: RollupSettings,
  nowMs: number,
): Promise<RollupReport> {
  const stamp = { computedAtMs: nowMs, expiresAtMs: nowMs + settings.rollupRetentionMs }
  const run: Run = { ports, stamp, tally: { ...NOTHING_DONE }, failures: [] }
  const dirtyHours = await firstDirtyPeriods(ports.dirtyHours)
  const hours = dirtyHours.filter(({ kind }) => kind === 'hour').sort(unseenFirst)
  const summed: StoredDirtyPeriod[] = []
  for (const touch of hours) {
    if (!ports.hasTime()) break
    await attempt(run, async () => {
      await sumHour(touch.of, run)
      await ports.dirtyHours.markSeen(touch, nowMs)
      summed.push(touch)
    })
  }
  const days = new Set(hours.map(({ of }) => dayOf(of)))
  for (const day of days) {
    const ofDay = summed.filter(({ of }) => dayOf(of) === day)
    if (ofDay.length > 0) await attempt(run, () => sumDay(day, ofDay, run))
  }
  const toRank = dirtyHours.filter(({ kind }) => kind === 'queries')
  for (const day of new Set([...toRank.map(({ of }) => of), ...days])) {
    await attempt(run, async () => {
      const isRanked = ports.hasTime() && (await rankQueries(day, drain ? 0 : settings.rankEveryMs, run))
      // While its hours are dirtyPeriods, there is more to come.
      if (isRanked && !days.has(day))
        await clearAll(
          toRank.filter(({ of }) => of === day),
          ports,
        )
    })
  }
  const { tally, failures } = run
  const failed = failures.length === 0 ? null : { count: failures.length, cause: failures[0] }
  return { ...tally, isUnfinished: !ports.hasTime() || dirtyHours.length === DIRTY_PERIODS_MAX, failed }
}

const NOTHING_DONE = { hours: 0, days: 0, daysRanked: 0, rowsRead: 0, conflicts: 0 }

/** What all of one run has in common. */
export interface Run {
  readonly ports: RollupPorts
  readonly stamp: RollupMetadata
  readonly tally: { -readonly [count in keyof typeof NOTHING_DONE]: number }
  readonly failures: unknown[]
}

async function firstDirtyPeriods(dirtyHours: DirtyHours): Promise<StoredDirtyPeriod[]> {
  const found: StoredDirtyPeriod[] = []
  for await (const page of dirtyHours.pages()) {
    found.push(...page.slice(0, DIRTY_PERIODS_MAX - found.length))
    if (found.length === DIRTY_PERIODS_MAX) break
  }
  return found
}

/** So that a run whose time is short goes on where the last one stopped; and what is now before what was long ago. */
function unseenFirst(a: StoredDirtyPeriod, b: StoredDirtyPeriod): number {
  const [seenA, seenB] = [a, b].map(({ seenMs }) => (seenMs === null ? 0 : 1)) as [number, number]
  return seenA - seenB || (a.of > b.of ? -1 : 1)
}

async function clearAll(dirtyHours: readonly StoredDirtyPeriod[], ports: RollupPorts): Promise<void> {
  await pMap(dirtyHours, (touch) => ports.dirtyHours.clear(touch), { concurrency: SETTLED_AT_ONCE })
}

/**
 * What fails is left to the next run, and holds up nothing else. Of two runs at once one loses: it may have read less, so
 * that it is done again.
 */
async function attempt({ tally, failures }: Run, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof VersionConflictError) tally.conflicts++
    else failures.push(error)
  }
}

/** @param summed of its dirtyPeriods hours, those that this run has summed. */
async function sumDay(day: Day, summed: readonly StoredDirtyPeriod[], run: Run): Promise<void> {
  const { ports, stamp, tally } = run
  const stored = await ports.rollups.load<DayRollup>(dayKey(day))
  const sum = dayRollup(day, await ports.rollups.hoursOf(day))
  if (await saveIfChanged(sum, stored, ports.rollups, stamp)) tally.days++
  await ports.dirtyHours.mark([{ kind: 'queries', of: day, atMs: stamp.computedAtMs }])
  const isAtRest = ({ seenMs }: StoredDirtyPeriod): boolean =>
    seenMs !== null && seenMs <= stamp.computedAtMs - SETTLES_MS
  await clearAll(summed.filter(isAtRest), ports)
}

async function sumHour(hour: Hour, { ports: { rollups }, stamp, tally }: Run): Promise<void> {
  // Before the rows are read: who writes meanwhile is noticed.
  const stored = await rollups.load<HourRollup>(hourKey(hour))
  // Of the rows that it counts, some are gone.
  const expireAt = stored?.rollup.rows_expire_at ?? null
  if (expireAt !== null && Date.parse(expireAt) <= stamp.computedAtMs) return
  let firstExpiryMs = Number.POSITIVE_INFINITY
  const sumSlice = async (slice: Slice): Promise<Counts> => {
    let sum: Counts = {}
    for await (const kept of rollups.rowsOf(hour, slice)) {
      sum = addCounts(sum, sumRows(kept.map(({ row }) => row)))
      for (const { expiresAtMs } of kept) firstExpiryMs = Math.min(firstExpiryMs, expiresAtMs)
      tally.rowsRead += kept.length
    }
    return sum
  }
  const sums = await pMap(SLICES, sumSlice, { concurrency: SLICES_AT_ONCE })
  const rowsExpireAtMs = Number.isFinite(firstExpiryMs) ? firstExpiryMs : null
  const summed = hourRollup(hour, sums.reduce(addCounts, {}), rowsExpireAtMs)
  if (await saveIfChanged(summed, stored, rollups, stamp)) tally.hours++
}

async function saveIfChanged<T extends HourRollup | DayRollup>(
  summed: T,
  stored: { readonly rollup: T; readonly revision: number } | null,
  rollups: RollupStore,
  stamp: RollupMetadata,
): Promise<boolean> {
  const isSame =
    stored !== null && Object.entries(summed).every(([name, value]) => stored.rollup[name as keyof T] === value)
  if (isSame) return false
  await rollups.save(summed, stored?.revision ?? 0, stamp)
  return true
}
