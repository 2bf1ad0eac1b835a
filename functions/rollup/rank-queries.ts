// Ranks the queries of a day by its rows and writes the day's query lists.

import pMap from 'p-map'
import { type HourRollup, hourOf, SLICES, type Slice } from '../domain/results/rollup.ts'
import { bestQueries, QueryTallies, type QueryTally, queryRollups } from '../domain/results/top-queries.ts'
import { type RollupRun, readable } from './rollup-run.ts'

/**
 * Slices that are ranked at once. Each holds its part of the day's queries and their sessions in
 * memory.
 */
const SLICES_AT_ONCE = 2

/**
 * Returns true when it has written the lists, or when they can no longer be made. Returns false
 * when the last ranking is younger than `rankEveryMs`, or the time is up. Throws
 * VersionConflictError when another run ranks the day.
 *
 * The lists expire with the first of the day's rows, and are not made again after that. So no list
 * outlives what a forgotten user searched for.
 */
export async function rankQueries(day: string, rankEveryMs: number, run: RollupRun): Promise<boolean> {
  const { metadata } = run
  const { rollups, hasTime } = run.ports
  const ranking = await rollups.ranking(day)
  if (ranking?.computedAtMs != null && metadata.computedAtMs - ranking.computedAtMs < rankEveryMs) return false
  const hourRollups = await rollups.hoursOf(day)
  const rowsExpireAtMs = Math.min(...hourRollups.map(expiryOf))
  if (rowsExpireAtMs <= metadata.computedAtMs) return true
  const hours = hourRollups.map((rollup) => hourOf(rollup))
  const best = await pMap(SLICES, (slice) => (hasTime() ? bestOfSlice(hours, slice, run) : []), {
    concurrency: SLICES_AT_ONCE,
  })
  if (!hasTime()) return false
  const expiresAtMs = Math.min(metadata.expiresAtMs, rowsExpireAtMs)
  await rollups.saveRanking(day, queryRollups(day, best.flat()), ranking?.revision ?? 0, { ...metadata, expiresAtMs })
  run.counts.daysRanked++
  return true
}

function expiryOf({ rows_expire_at: at }: HourRollup): number {
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at)
}

/**
 * All searches for one query are in one slice, so the best of the slices hold the best of the day.
 */
async function bestOfSlice(hours: readonly string[], slice: Slice, run: RollupRun): Promise<QueryTally[]> {
  const queries = new QueryTallies()
  for (const hour of hours) {
    for await (const page of readable(run.ports.rollups.rowsOf(hour, slice), run)) {
      for (const { row } of page) if (row.kind === 'search') queries.add(row)
      run.counts.rowsRead += page.length
    }
  }
  return bestQueries(queries.all())
}
