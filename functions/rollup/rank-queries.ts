// Ranks the queries of a day by its rows and writes the day's query lists.

import pMap from 'p-map'
import { type HourRollup, hourOf, SLICES, type Slice } from '../domain/results/rollup.ts'
import { bestQueries, QueryTallies, type QueryTally, queryRollups } from '../domain/results/top-queries.ts'
import { type RollupRun, readable } from './rollup-run.ts'
import { searchesByKey } from './searches-by-key.ts'

/** Slices that are ranked at once. Each may hold a page of every hour in memory. */
const SLICES_AT_ONCE = 4
/** Tallies that a ranking collects before it drops those that are in no list. */
const TALLIES_MAX = 20_000

/** A day of which a run has ranked a part. */
interface RankingProgress {
  /** When the run that read the first search began. */
  readonly beganAtMs: number
  /** The revision of the stored ranking when the first search was read. */
  readonly baseRevision: number
  /** Holds those that may be in a list. */
  readonly best: readonly QueryTally[]
  /** The slices that are not finished, with the key of the last query ranked; null for none. */
  readonly left: Readonly<Partial<Record<Slice, string | null>>>
}

/**
 * Returns when the run began that read the first search of the lists, once it has written them or
 * when they can no longer be made. Returns null when the last ranking is younger than
 * `rankEveryMs`, or the time is up; the next run goes on from there. Throws VersionConflictError
 * when another run ranks the day.
 *
 * The lists expire with the first of the day's rows, and are not made again after that. So no list
 * outlives what a forgotten user searched for.
 */
export async function rankQueries(day: string, rankEveryMs: number, run: RollupRun): Promise<number | null> {
  const { computedAtMs } = run.metadata
  const { rollups } = run.ports
  const ranking = await rollups.ranking(day)
  if (ranking?.computedAtMs != null && computedAtMs - ranking.computedAtMs < rankEveryMs) return null
  const hourRollups = await rollups.hoursOf(day)
  const rowsExpireAtMs = Math.min(...hourRollups.map(expiryOf))
  if (rowsExpireAtMs <= computedAtMs) return computedAtMs
  const baseRevision = ranking?.revision ?? 0
  const progressName = `queries#${day}`
  const earlier = await rollups.loadProgress<RankingProgress>(progressName, computedAtMs)
  const isCurrent = earlier !== null && earlier.baseRevision === baseRevision
  const read = await readSearches(
    hourRollups.map((rollup) => hourOf(rollup)),
    isCurrent ? earlier : newProgress(computedAtMs, baseRevision),
    run,
  )
  if (Object.keys(read.left).length > 0) {
    await rollups.saveProgress(progressName, read, computedAtMs)
    return null
  }
  const expiresAtMs = Math.min(run.metadata.expiresAtMs, rowsExpireAtMs)
  await rollups.saveRanking(day, queryRollups(day, read.best), baseRevision, { ...run.metadata, expiresAtMs })
  if (earlier !== null) await rollups.saveProgress(progressName, null, computedAtMs)
  run.counts.daysRanked++
  return read.beganAtMs
}

function expiryOf({ rows_expire_at: at }: HourRollup): number {
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at)
}

function newProgress(beganAtMs: number, baseRevision: number): RankingProgress {
  return { beganAtMs, baseRevision, best: [], left: Object.fromEntries(SLICES.map((slice) => [slice, null])) }
}

/**
 * Reads on until all searches are read or the time is up. All searches for one query are in one
 * slice and side by side there, so only one query of a slice is open at a time.
 */
async function readSearches(
  hours: readonly string[],
  progress: RankingProgress,
  run: RollupRun,
): Promise<RankingProgress> {
  let best: QueryTally[] = [...progress.best]
  const left = { ...progress.left }
  const { hasTime } = run.ports
  const readSlice = async (slice: Slice): Promise<void> => {
    if (!hasTime()) return
    const pages = hours.map((hour) => readable(run.ports.rollups.searchesOf(hour, slice, left[slice] ?? null), run))
    const searches = await searchesByKey(pages)
    for (let key = searches.nextKey(); key !== null; key = searches.nextKey()) {
      const queries = new QueryTallies()
      const isWhole = await searches.take(key, hasTime, (row) => {
        queries.add(row)
        run.counts.rowsRead++
      })
      if (!isWhole) return
      // A spread into a call would fail for more than some hundred thousand queries of one key.
      best = best.concat(queries.all())
      left[slice] = key
      if (best.length > TALLIES_MAX) best = bestQueries(best)
    }
    delete left[slice]
  }
  await pMap(Object.keys(left) as Slice[], readSlice, { concurrency: SLICES_AT_ONCE })
  return { ...progress, best: bestQueries(best), left }
}
