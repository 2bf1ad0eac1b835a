// Rank: a day in; the queries of its rows counted, and its lists of top queries written anew, out.

import pMap from 'p-map'
import { type Day, type Hour, hourOf, SLICES, type Slice } from '../domain/rollup.ts'
import { bestQueries, QueryTallies, type QueryTally, queryRollups } from '../domain/top-queries.ts'
import type { RollupStamp, RollupStore } from '../ports.ts'

export interface RankPorts {
  readonly rollups: RollupStore
  readonly hasTime: () => boolean
}

/** Each holds the queries of its part of the day in memory. */
const SLICES_AT_ONCE = 2

/** False where the last ranking is not old enough yet, or the time is up. Throws StoreConflict. */
export async function rankQueries(
  day: Day,
  rankEveryMs: number,
  { rollups, hasTime }: RankPorts,
  stamp: RollupStamp,
  tally: { daysRanked: number; rowsRead: number },
): Promise<boolean> {
  const ranking = await rollups.ranking(day)
  if (ranking?.computedAtMs != null && stamp.computedAtMs - ranking.computedAtMs < rankEveryMs) return false
  const hours = (await rollups.hoursOf(day)).map((hour) => hourOf(hour))
  const best = await pMap(SLICES, (slice) => (hasTime() ? bestOfSlice(hours, slice, rollups, tally) : []), {
    concurrency: SLICES_AT_ONCE,
  })
  if (!hasTime()) return false
  await rollups.saveRanking(day, queryRollups(day, best.flat()), ranking?.revision ?? 0, stamp)
  tally.daysRanked++
  return true
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
