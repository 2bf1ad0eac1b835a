// Sums the rows of an hour, and the hours of a day, and writes sums that have changed.

import pMap from 'p-map'
import { addCounts, COUNTS, type Counts } from '../domain/results/counts.ts'
import {
  type DayRollup,
  dayKey,
  dayRollup,
  type HourRollup,
  hourKey,
  hourRollup,
  SLICES,
  type Slice,
  sumRows,
} from '../domain/results/rollup.ts'
import type { StoredRollup } from '../result-ports.ts'
import { type RollupRun, readable } from './rollup-run.ts'

/** Slices of an hour that are read at once. Each may hold a page of the index in memory. */
const SLICES_AT_ONCE = 8

export async function sumHour(hour: string, run: RollupRun): Promise<void> {
  const { rollups } = run.ports
  // Load the revision before the rows: a run that writes meanwhile then makes this one fail.
  const stored = await rollups.load<HourRollup>(hourKey(hour))
  // Some of the rows that the stored sum counts have expired, so a new sum would be too small.
  const expireAt = stored?.rollup.rows_expire_at ?? null
  if (expireAt !== null && Date.parse(expireAt) <= run.metadata.computedAtMs) return
  let firstExpiryMs = Number.POSITIVE_INFINITY
  const sumSlice = async (slice: Slice): Promise<Counts> => {
    let sum: Counts = {}
    for await (const page of readable(rollups.rowsOf(hour, slice), run)) {
      sum = addCounts(sum, sumRows(page.map(({ row }) => row)))
      for (const { expiresAtMs } of page) firstExpiryMs = Math.min(firstExpiryMs, expiresAtMs)
      run.counts.rowsRead += page.length
    }
    return sum
  }
  const sums = await pMap(SLICES, sumSlice, { concurrency: SLICES_AT_ONCE })
  const rowsExpireAtMs = Number.isFinite(firstExpiryMs) ? firstExpiryMs : null
  const summed = hourRollup(hour, sums.reduce(addCounts, {}), rowsExpireAtMs)
  if (await saveIfChanged(summed, stored, run)) run.counts.hours++
}

export async function sumDay(day: string, run: RollupRun): Promise<void> {
  const { rollups } = run.ports
  const stored = await rollups.load<DayRollup>(dayKey(day))
  const summed = dayRollup(day, await rollups.hoursOf(day))
  if (await saveIfChanged(summed, stored, run)) run.counts.days++
}

/** Whether no row counts any more, as after an amendment or after a user was forgotten. */
function isEmpty(summed: HourRollup | DayRollup): boolean {
  return COUNTS.every((name) => summed[name] === 0)
}

async function saveIfChanged<T extends HourRollup | DayRollup>(
  summed: T,
  stored: StoredRollup<T> | null,
  { ports, metadata }: RollupRun,
): Promise<boolean> {
  const isSame =
    stored !== null && Object.entries(summed).every(([name, value]) => stored.rollup[name as keyof T] === value)
  if (isSame) return false
  if (isEmpty(summed)) {
    if (stored === null) return false
    // A run that loaded this revision may still write it over the next first one. The hour stays
    // dirty for longer than a run takes, so a later run sums it again.
    await ports.rollups.remove({ pk: summed.pk, sk: summed.sk }, stored.revision)
    return true
  }
  await ports.rollups.save(summed, stored?.revision ?? 0, metadata)
  return true
}
