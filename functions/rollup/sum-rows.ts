// Sums the rows of an hour, and the hours of a day, and writes sums that have changed.

import pMap from 'p-map'
import { CountSum } from '../domain/results/count-sum.ts'
import type { Counts } from '../domain/results/counts.ts'
import {
  type DayRollup,
  dayKey,
  dayRollup,
  type HourRollup,
  hourKey,
  hourRollup,
  SLICES,
  type Slice,
} from '../domain/results/rollup.ts'
import { type SegmentProgress, SegmentSums } from '../domain/results/segment-sums.ts'
import { VersionConflictError } from '../ports.ts'
import type { RowPosition } from '../result-ports.ts'
import { type RollupRun, readable } from './rollup-run.ts'
import { saveIfChanged } from './save-sum.ts'
import {
  loadHourSegments,
  markWithoutSegments,
  revisionsOf,
  type SegmentRevisions,
  saveHourSegments,
  segmentLabels,
  sumDaySegments,
} from './sum-segments.ts'

/** Slices of an hour that are read at once. Each may hold a page of the index in memory. */
const SLICES_AT_ONCE = 8
/** Another run may write the same day for other hours. */
const DAY_TRIES = 5

/** An hour of which a run has read a part. */
export interface HourProgress {
  readonly hour: string
  /** When the run that read the first row began. */
  readonly beganAtMs: number
  /** The revision of the stored sum when the first row was read. */
  readonly baseRevision: number
  readonly counts: Counts
  /** The revisions of the stored sums by label, likewise. */
  readonly segmentRevisions: SegmentRevisions
  readonly segments: SegmentProgress
  /** When the first of the rows expires that have been read; null before the first row. */
  readonly firstExpiryMs: number | null
  /** The slices that are not finished, with where to go on; null for the beginning. */
  readonly left: Readonly<Partial<Record<Slice, RowPosition | null>>>
}

interface SummedHour {
  /** When the run that read the first row began: rows that came later may not be in the sum. */
  readonly beganAtMs: number
  /** The hour as far as it was read when the time was up; null once the sum is stored. */
  readonly unfinished: HourProgress | null
}

/** @param earlier the part that an earlier run has read; null to begin. */
export async function sumHour(hour: string, earlier: HourProgress | null, run: RollupRun): Promise<SummedHour> {
  const { rollups } = run.ports
  const { computedAtMs } = run.metadata
  // Load the revisions before the rows: a run that writes meanwhile then makes this one fail.
  const stored = await rollups.load<HourRollup>(hourKey(hour))
  const baseRevision = stored?.revision ?? 0
  // Some of the rows that the stored sum counts have expired, so a new sum would be too small.
  const expireAt = stored?.rollup.rows_expire_at ?? null
  if (expireAt !== null && Date.parse(expireAt) <= computedAtMs) return { beganAtMs: computedAtMs, unfinished: null }
  const labels = segmentLabels(run, stored === null ? [] : [stored.rollup])
  const storedSegments = await loadHourSegments(hour, labels, run)
  const begun = newProgress(hour, computedAtMs, baseRevision, revisionsOf(storedSegments))
  const read = await readRows(earlier !== null && isCurrent(earlier, begun) ? earlier : begun, labels, run)
  const { beganAtMs, firstExpiryMs, left } = read
  if (Object.keys(left).length > 0) return { beganAtMs, unfinished: read }
  const summed = hourRollup(hour, read.counts, firstExpiryMs, labels)
  const segments = new SegmentSums(labels, run.ports.digest, read.segments).all(run.settings.segmentValuesMax)
  const haveSegmentsChanged = await saveHourSegments(summed, segments, storedSegments, run)
  const hasChanged = await saveIfChanged(summed, stored, run)
  if (hasChanged || haveSegmentsChanged) run.counts.hours++
  return { beganAtMs, unfinished: null }
}

/** Rows that were read before another sum was stored may be older than that sum. */
function isCurrent(earlier: HourProgress, begun: HourProgress): boolean {
  // Code without segments may have stored the progress.
  const revisions = earlier.segmentRevisions ?? []
  return (
    earlier.baseRevision === begun.baseRevision && JSON.stringify(revisions) === JSON.stringify(begun.segmentRevisions)
  )
}

function newProgress(
  hour: string,
  beganAtMs: number,
  baseRevision: number,
  segmentRevisions: SegmentRevisions,
): HourProgress {
  const left = Object.fromEntries(SLICES.map((slice) => [slice, null]))
  return { hour, beganAtMs, baseRevision, counts: {}, segmentRevisions, segments: [], firstExpiryMs: null, left }
}

/** Reads on until all rows are read or the time is up. */
async function readRows(
  progress: HourProgress,
  labels: readonly string[],
  { ports, counts, unreadable }: RollupRun,
): Promise<HourProgress> {
  const sum = new CountSum(progress.counts)
  const segments = new SegmentSums(labels, ports.digest, progress.segments)
  let firstExpiryMs = progress.firstExpiryMs ?? Number.POSITIVE_INFINITY
  const left = { ...progress.left }
  let isTimeUp = false
  const readSlice = async (slice: Slice): Promise<void> => {
    if (isTimeUp) return
    const pages = ports.rollups.rowsOf(progress.hour, slice, left[slice] ?? null, labels.length > 0)
    for await (const { rows, next } of readable(pages, { unreadable })) {
      for (const { row, expiresAtMs } of rows) {
        sum.add(row)
        segments.add(row)
        firstExpiryMs = Math.min(firstExpiryMs, expiresAtMs)
      }
      counts.rowsRead += rows.length
      left[slice] = next
      // A small hour has one page in each slice, and is finished without asking.
      isTimeUp ||= next !== null && !ports.hasTime()
      if (isTimeUp && next !== null) return
    }
    delete left[slice]
  }
  await pMap(Object.keys(left) as Slice[], readSlice, { concurrency: SLICES_AT_ONCE })
  const isAnyRead = Number.isFinite(firstExpiryMs)
  return {
    ...progress,
    counts: sum.counts,
    segments: segments.progress(),
    firstExpiryMs: isAnyRead ? firstExpiryMs : null,
    left,
  }
}

export async function sumDay(day: string, run: RollupRun): Promise<void> {
  const { rollups } = run.ports
  for (let triesLeft = DAY_TRIES - 1; ; triesLeft--) {
    const stored = await rollups.load<DayRollup>(dayKey(day))
    const hours = await rollups.hoursOf(day)
    const labels = segmentLabels(run, stored === null ? hours : [stored.rollup, ...hours])
    try {
      const haveSegmentsChanged = await sumDaySegments(day, hours, labels, run)
      const hasChanged = await saveIfChanged(dayRollup(day, hours, labels), stored, run)
      if (hasChanged || haveSegmentsChanged) run.counts.days++
      return await markWithoutSegments(hours, run)
    } catch (error) {
      if (!(error instanceof VersionConflictError) || triesLeft === 0) throw error
    }
  }
}
