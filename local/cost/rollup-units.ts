// Computes the units of a month of rollups: of the hours that they sum again and again, and of the
// queries that they rank.

import { DAY_MS, HOUR_MS } from '../../functions/domain/durations.ts'
import { SLICES } from '../../functions/domain/results/rollup.ts'
import { INDEX_LAG_MS_MAX } from '../../functions/rollup/rollup.ts'
import type { PipelineSettings } from '../../infra/settings.ts'
import { READ_UNIT_BYTES, readUnits, writeUnits } from './capacity-units.ts'
import { HOURS_A_MONTH } from './prices.ts'

/** A row as a replay wrote it. */
export interface WrittenRow {
  readonly isSearch: boolean
  /** How long after the start of its hour it was written. */
  readonly lagMs: number
  /** Its size in the index by hour. */
  readonly bytes: number
}

export interface RollupUnits {
  readonly write: number
  readonly read: number
  /** How many rows the runs read. */
  readonly rows: number
}

/** Rows that come later than this are rare, and the sums of their hours cost little. */
const LAG_MS_MAX = 2 * DAY_MS
const ROWS_READ_UNITS = 0.5
/** A stored sum of an hour or a day has so many bytes, or fewer where its counts are small. */
const SUM_BYTES = 1500
/** The revision and the times that each stored sum has. */
const METADATA_BYTES = 100
/** A day has so many sums of hours on average, while it lasts. */
const HOURS_STORED = 12
/** A run reads its progress and both kinds of dirty periods. */
const IDLE_RUN_READS = 3

/**
 * Each run reads all rows of each dirty hour anew. Then it writes the sum of the hour and that of
 * its day, and marks both.
 *
 * @param rowsAnHour how many rows the hours of the month have.
 * @param rankingWrites the units to write all lists of a day once.
 * @param segmentBytes the size of the sums by each label, without their metadata.
 */
export function rollupUnits(
  rows: readonly WrittenRow[],
  rowsAnHour: number,
  rankingWrites: number,
  segmentBytes: readonly number[],
  { rollupEvery, rankEvery }: Pick<PipelineSettings, 'rollupEvery' | 'rankEvery'>,
): RollupUnits {
  const sums = [SUM_BYTES, ...segmentBytes.map((bytes) => bytes + METADATA_BYTES)]
  const hour = hourUnits(rows, rowsAnHour, sums, rollupEvery)
  const runs = (HOURS_A_MONTH * HOUR_MS) / rollupEvery
  const days = HOURS_A_MONTH / 24
  // A day's hours are complete some hours after its end.
  const rankingsOfPart = Math.max(1, DAY_MS / rankEvery)
  const rankingsOfAll = Math.max(1, (2 * HOUR_MS) / rankEvery)
  const searches = rows.filter(({ isSearch }) => isSearch)
  const searchesADay = (24 * rowsAnHour * searches.length) / Math.max(1, rows.length)
  const dayBytes = searchesADay * meanBytes(searches)
  const read = (share: number): number => pagesUnits(dayBytes * share, SLICES.length * 24)
  return {
    write: HOURS_A_MONTH * hour.write + days * (rankingsOfPart + rankingsOfAll) * rankingWrites,
    read:
      HOURS_A_MONTH * hour.read +
      runs * IDLE_RUN_READS +
      // While the day lasts, half of its rows are there on average.
      days * (rankingsOfPart * read(0.5) + rankingsOfAll * read(1)),
    rows: HOURS_A_MONTH * hour.rows + days * searchesADay * (rankingsOfPart / 2 + rankingsOfAll),
  }
}

/**
 * Follows one hour through the runs after its start, until its last row is summed.
 *
 * @param sums the size of each item that the hour has, and its day too.
 */
function hourUnits(
  rows: readonly WrittenRow[],
  rowsAnHour: number,
  sums: readonly number[],
  everyMs: number,
): RollupUnits {
  if (rows.length === 0) return { write: 0, read: 0, rows: 0 }
  const weight = rowsAnHour / rows.length
  const perRun = new Map<number, { count: number; bytes: number }>()
  for (const { lagMs, bytes } of rows) {
    const run = Math.ceil(Math.min(lagMs, LAG_MS_MAX) / everyMs)
    const of = perRun.get(run) ?? { count: 0, bytes: 0 }
    perRun.set(run, { count: of.count + 1, bytes: of.bytes + bytes })
  }
  // An hour stays dirty for so long after a run has seen it, since the index may trail the table.
  const dirtyRuns = 1 + Math.ceil(INDEX_LAG_MS_MAX / everyMs)
  const lastRun = Math.max(...perRun.keys()) + dirtyRuns
  const added = (units: (bytes: number) => number): number => sums.reduce((sum, bytes) => sum + units(bytes), 0)
  const written = added((bytes) => 2 * writeUnits(bytes))
  // A run reads the hour, the day, and the hours of the day.
  const loaded = added((bytes) => 2 * readUnits(bytes, true) + readUnits(HOURS_STORED * bytes, true))
  let [write, read, rowsRead] = [0, 0, 0]
  let [count, bytes] = [0, 0]
  for (let run = Math.min(...perRun.keys()); run <= lastRun; run++) {
    count += (perRun.get(run)?.count ?? 0) * weight
    bytes += (perRun.get(run)?.bytes ?? 0) * weight
    let recent = 0
    for (let n = 0; n < dirtyRuns; n++) recent += (perRun.get(run - n)?.count ?? 0) * weight
    // Rows come at random, so few of them leave some runs without work.
    const isDirty = 1 - Math.exp(-recent)
    const isChanged = 1 - Math.exp(-(perRun.get(run)?.count ?? 0) * weight)
    // The hour is marked as seen, and its day as dirty.
    write += isDirty * 2 + isChanged * written
    read += isDirty * (pagesUnits(bytes, SLICES.length) + loaded)
    rowsRead += isDirty * count
  }
  // A run clears the hour at last.
  return { write: write + 1, read, rows: rowsRead }
}

/** @param pagesMin how many queries there are, each of at least one unit. */
function pagesUnits(bytes: number, pagesMin: number): number {
  return Math.max(pagesMin, bytes / READ_UNIT_BYTES) * ROWS_READ_UNITS
}

function meanBytes(rows: readonly WrittenRow[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, rows.length)
}
