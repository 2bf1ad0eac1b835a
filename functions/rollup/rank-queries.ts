// Rank: a day in; the queries of its rows counted, and its lists of top queries written anew, out.

import pMap from 'p-map'
import { type Day, type Hour, type HourRollup, hourOf, SLICES, type Slice } from '../domain/results/rollup.ts'
import { bestQueries, QueryTallies, type QueryTally, queryRollups } from '../domain/results/top-queries.ts'
import type { RollupStore } from '../ports.ts'
import type { Run } from './rollup.ts'

/** Each holds the queries of its part of the day in memory, and in which sessions they were asked. */
const SLICES_AT_ONCE = 2

/**
 * False where the last ranking is not old enough yet, or the time is up. Throws VersionConflictError. The lists expire with the
 * first of the day's rows: from then on they could not be made again without what a forgotten person asked.
 */
export async function rankQueries(day: Day, rankEveryMs: number, { ports, stamp, tally }: Run): Promise<boolean> {
  const { rollups, hasTime } = ports
  const ranking = await rollups.ranking(day)
  if (ranking?.computedAtMs != null && stamp.computedAtMs - ranking.computedAtMs < rankEveryMs) return false
  const hours = await rollups.hoursOf(day)
  const expiresAtMs = Math.min(...hours.map(expiryOf))
  if (expiresAtMs <= stamp.computedAtMs) return true
  const best = await pMap(
    SLICES,
    (slice) =>
      hasTime()
        ? bestOfSlice(
            hours.map((hour) => hourOf(hour)),
            slice,
            rollups,
            tally,
          )
        : [],
    { concurrency: SLICES_AT_ONCE },
  )
  if (!hasTime()) return false
  const kept = { ...stamp, expiresAtMs: Math.min(stamp.expiresAtMs, expiresAtMs) }
  await rollups.saveRanking(day, queryRollups(day, best.flat()), ranking?.revision ?? 0, kept)
  tally.daysRanked++
  return true
}

function expiryOf({ rows_expire_at: at }: HourRollup): number {
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at)
}

/** All searches for one query are in one slice. */
async function bestOfSlice(
  hours: readonly Hour[],
  slice: Slice,
  rollups: RollupStore,
  tally: { rowsRead: number },
): Promise<QueryTally[]> {
  const queries = new QueryTallies()
  for (const hour of hours) {
    for await (const kept of rollups.rowsOf(hour, slice)) {
      for (const { row } of kept) if (row.kind === 'search') queries.add(row)
      tally.rowsRead += kept.length
    }
  }
  return bestQueries(queries.all())
}
