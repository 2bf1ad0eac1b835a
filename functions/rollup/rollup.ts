// Sums every dirty hour and its day anew from the result rows, and ranks the queries of those days.

import pMap from 'p-map'
import type { Metrics } from '../contract.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/durations.ts'
import { dayOf, hourStartMs } from '../domain/results/rollup.ts'
import { ALL_WORK, isInShare } from '../domain/work-share.ts'
import { type UnreadableItems, unreadableItems } from '../ports.ts'
import type { StoredDirtyPeriod } from '../result-ports.ts'
import { dirtyPeriods } from './dirty-periods.ts'
import { rankQueries } from './rank-queries.ts'
import type { RollupRequest } from './rollup-request.ts'
import {
  attempt,
  newRun,
  type RollupCounts,
  type RollupPorts,
  type RollupRun,
  type SegmentSettings,
} from './rollup-run.ts'
import { type HourProgress, sumDay, sumHour } from './sum-rows.ts'

export interface RollupSettings extends SegmentSettings {
  readonly rollupRetentionMs: number
  /** Ranking reads all rows of a day, so a run ranks a day at most this often. */
  readonly rankEveryMs: number
  /** How far the index of the rows may trail the table; 15 minutes if it is not set. */
  readonly indexLagMs?: number | undefined
}

/** The counts of one run, as the function's log line prints them. */
export interface RollupReport extends Readonly<RollupCounts> {
  readonly isUnfinished: boolean
  /** How many hours, days and rankings failed, and why the first did. The run did all others. */
  readonly failed: { readonly count: number; readonly cause: unknown } | null
  /** Damaged items. A sum leaves out a damaged row, and a damaged sum stays as it is. */
  readonly unreadable: UnreadableItems | null
}

/** The index of the rows trails the table by less than this on AWS. */
export const INDEX_LAG_MS_MAX = 15 * MINUTE_MS
const CLEARED_AT_ONCE = 8

/**
 * Computes sums from the rows and never adds to a stored sum, so a run may be repeated, late or
 * missing.
 *
 * An hour stays dirty until a run sums it some time after an earlier run saw it dirty, because the
 * index may trail the rows. With `drain`, the run ranks queries whenever they were last ranked.
 * Runs with different shares may work side by side.
 */
export async function rollup(
  { drain, share = ALL_WORK }: RollupRequest,
  ports: RollupPorts,
  settings: RollupSettings,
  nowMs: number,
): Promise<RollupReport> {
  const { indexLagMs = INDEX_LAG_MS_MAX } = settings
  const metadata = { computedAtMs: nowMs, expiresAtMs: nowMs + settings.rollupRetentionMs }
  const run = newRun(ports, metadata, settings)
  const begunName = `hour#${share.number}`
  const begun = await ports.rollups.loadProgress<HourProgress>(begunName, nowMs)
  const dirty = await dirtyPeriods(begun?.hour ?? null, run)
  // Hours that follow each other are in different shares: the latest two are often dirty.
  const hours = dirty.hours.filter(({ of }) => isInShare(hourStartMs(of) / HOUR_MS, share))
  const days = new Set(hours.map(({ of }) => dayOf(of)))
  for (const day of days) {
    const hoursOfDay = hours.filter(({ of }) => dayOf(of) === day)
    const summed = await sumHours(hoursOfDay, { begun, begunName }, run)
    if (summed.length > 0) await attempt(run, () => finishDay(day, summed, run, indexLagMs))
  }
  const changing = new Set(dirty.hours.map(({ of }) => dayOf(of)))
  const daysToRank = new Set([...dirty.queries.map(({ of }) => of), ...changing])
  for (const day of [...daysToRank].sort().reverse()) {
    if (!isInShare(Date.parse(day) / DAY_MS, share)) continue
    await attempt(run, async () => {
      if (!ports.hasTime()) return
      const beganAtMs = await rankQueries(day, drain ? 0 : settings.rankEveryMs, run)
      // A run marks the day again whenever it has dirty hours, because those may still change.
      if (beganAtMs === null || changing.has(day)) return
      const queriesOfDay = dirty.queries.filter(({ of, atMs }) => of === day && atMs < beganAtMs)
      await clearAll(queriesOfDay, ports)
    })
  }
  const { counts, failures } = run
  const failed = failures.length === 0 ? null : { count: failures.length, cause: failures[0] }
  const isUnfinished = dirty.isPartial || !ports.hasTime()
  return { ...counts, isUnfinished, failed, unreadable: unreadableItems(run.unreadable) }
}

interface SummedPeriod {
  readonly period: StoredDirtyPeriod
  /** The sum may lack rows that came after this. */
  readonly beganAtMs: number
}

/**
 * Stores what it has read of an hour when the time is up, so that the next run goes on from there.
 *
 * @param begun the hour that an earlier run has stored so, under `begunName`.
 * @returns the hours that it has summed; time or a failure may have stopped the others.
 */
async function sumHours(
  dirtyHours: readonly StoredDirtyPeriod[],
  { begun, begunName }: { readonly begun: HourProgress | null; readonly begunName: string },
  run: RollupRun,
): Promise<SummedPeriod[]> {
  const { rollups, dirtyHours: store, hasTime } = run.ports
  const { computedAtMs } = run.metadata
  const summed: SummedPeriod[] = []
  for (const period of dirtyHours) {
    if (!hasTime()) break
    await attempt(run, async () => {
      const earlier = begun?.hour === period.of ? begun : null
      const { beganAtMs, unfinished } = await sumHour(period.of, earlier, run)
      if (earlier !== null || unfinished !== null) await rollups.saveProgress(begunName, unfinished, computedAtMs)
      if (unfinished !== null) return
      await store.markSeen(period, computedAtMs)
      summed.push({ period, beganAtMs })
    })
  }
  return summed
}

/** @param summed the day's dirty hours that this run has summed. */
async function finishDay(
  day: string,
  summed: readonly SummedPeriod[],
  run: RollupRun,
  indexLagMs: number,
): Promise<void> {
  const { ports, metadata } = run
  await sumDay(day, run)
  await ports.dirtyHours.mark([{ kind: 'queries', of: day, atMs: metadata.computedAtMs }])
  const isIndexed = ({ period: { seenMs }, beganAtMs }: SummedPeriod): boolean =>
    seenMs !== null && seenMs <= beganAtMs - indexLagMs
  const indexed = summed.filter(isIndexed).map(({ period }) => period)
  await clearAll(indexed, ports)
}

async function clearAll(periods: readonly StoredDirtyPeriod[], { dirtyHours }: RollupPorts): Promise<void> {
  await pMap(periods, (period) => dirtyHours.clear(period), { concurrency: CLEARED_AT_ONCE })
}

export function rollupMetrics(report: RollupReport): Metrics {
  return { RollupsUnfinished: report.isUnfinished ? 1 : 0, Unreadable: report.unreadable?.count ?? 0 }
}
