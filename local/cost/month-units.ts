// Computes the units of a month at a rate of events, from a log that is replayed as if other users
// sent the rest.

import { HOUR_MS } from '../../functions/domain/durations.ts'
import { FINALIZE_BATCH_SIZE } from '../../infra/function-environment.ts'
import type { PipelineSettings } from '../../infra/settings.ts'
import type { ShardLoad } from './log-batches.ts'
import { CLOSINGS_PER_CPU_SECOND, coresOf } from './measured-cpu.ts'
import { SECONDS_A_MONTH, USE } from './prices.ts'
import { countLog, eventsOf, type ReplayedLog, replayPlan, type Traffic } from './replayed-log.ts'
import { rollupUnits, type WrittenRow } from './rollup-units.ts'
import { IDLE_SWEEP_UNITS, timerUnits } from './timer-units.ts'

/** Counts for a month, with fractions. */
export interface MonthUnits {
  /** Write units by what they write. */
  readonly write: Readonly<Record<'sessions' | 'results' | 'index' | 'sums', number>>
  readonly read: Readonly<Record<'sessions' | 'results' | 'sums', number>>
  readonly events: number
  readonly records: number
  /** The records of which an event can be read. */
  readonly userRecords: number
  /** Writes of states by ingest. */
  readonly userBatches: number
  readonly closings: number
  /** Those of the settings, or as many as the closings need. */
  readonly sweepers: number
  readonly rowsSummed: number
  readonly invocations: Readonly<Record<'ingest' | 'sweep' | 'finalize' | 'rollup', number>>
  /** Objects that ingest puts for rejected events. */
  readonly deadLetterObjects: number
  /** How long a batch waits until it is full or the window ends. */
  readonly waitMs: number
  readonly replayed: ReplayedLog
}

const NO_ROLLUPS = { write: 0, read: 0, rows: 0 }
const MONTH_MS = SECONDS_A_MONTH * 1000

/** @param onProgress receives how many batches of how many are ingested. */
export async function monthUnits(
  traffic: Traffic,
  settings: PipelineSettings,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<MonthUnits> {
  const { records, eventsPerSecond, shards } = traffic
  const plan = replayPlan(traffic, settings)
  const { load } = plan
  const hasRollups = settings.rollups === 'on'
  const replayed = await countLog(plan, hasRollups, onProgress)
  const { counted, rows, closings } = replayed
  const { write, read } = counted
  const events = eventsPerSecond * SECONDS_A_MONTH
  /** How often the month holds the log. */
  const times = events / eventsOf(records)
  const ingests = (shards * MONTH_MS) / cycleMsOf(load)
  const sweeps = MONTH_MS / settings.sweepEvery
  const sweepers = Math.max(settings.sweepers, sweepersFor(closings * times, settings))
  const finalizes = finalizeInvocations(closings * times, sweeps)
  const timers = await timersOfMonth(replayed, load, times, settings, shards)
  const rowsAnHour = (rows.length * times * HOUR_MS) / MONTH_MS
  const sums = hasRollups
    ? rollupUnits(rows, rowsAnHour, replayed.rankingUnits, replayed.segmentBytes, settings)
    : NO_ROLLUPS
  const dirtyHours = hasRollups ? hoursOf(rows, (rows.length * times) / Math.max(1, finalizes)) : 0
  return {
    write: {
      sessions: (write.append + write.close) * times + timers.write + ingests,
      results: write.rows * times + finalizes * dirtyHours,
      index: write.index * times,
      sums: sums.write,
    },
    read: {
      sessions: (read.append + read.close) * times + timers.read + ingests + sweeps * shards * sweepers,
      results: read.rows * times,
      sums: sums.read,
    },
    events,
    records: records.length * times,
    userRecords: records.filter(({ user }) => user !== null).length * times,
    userBatches: plan.userBatches * times,
    closings: closings * times,
    sweepers,
    rowsSummed: sums.rows,
    invocations: {
      ingest: ingests,
      sweep: sweeps * sweepers,
      finalize: finalizes,
      rollup: hasRollups ? (MONTH_MS / settings.rollupEvery) * settings.rollupRuns : 0,
    },
    deadLetterObjects: Math.min(ingests, counted.rejected * times),
    waitMs: load.windowMs,
    replayed,
  }
}

/** @param closings those of a month. */
function sweepersFor(closings: number, { sweepMemoryMb }: PipelineSettings): number {
  return Math.ceil(closings / SECONDS_A_MONTH / (CLOSINGS_PER_CPU_SECOND * coresOf(sweepMemoryMb) * USE))
}

/** The time from one batch of a shard to the next. */
function cycleMsOf({ windowMs, recordsPerSecond }: ShardLoad): number {
  return windowMs + 1000 / recordsPerSecond
}

/** Users share pages of timers, and more of them where there are more. */
async function timersOfMonth(
  { timers }: ReplayedLog,
  load: ShardLoad,
  times: number,
  { sweepEvery }: PipelineSettings,
  shards: number,
): Promise<{ readonly write: number; readonly read: number }> {
  const { ingest, sweep } = timers
  const everyMs = cycleMsOf(load) / shards
  const each = (count: number, apartMs: number): number => (count * times * apartMs) / MONTH_MS
  const written = [
    { timers: ingest, everyMs, timersEach: each(ingest.length, everyMs) },
    { timers: sweep, everyMs: sweepEvery, timersEach: each(sweep.length, sweepEvery) },
  ]
  const { write, read } = await timerUnits(written, sweepEvery)
  const count = (ingest.length + sweep.length) * times
  return { write: count * write, read: count * read + (MONTH_MS / sweepEvery) * IDLE_SWEEP_UNITS }
}

/** A sweep closes sessions together, and each full batch of them invokes finalize. */
function finalizeInvocations(closings: number, sweeps: number): number {
  const together = closings / sweeps
  return together < 1 ? closings : sweeps * Math.ceil(together / FINALIZE_BATCH_SIZE)
}

/** Returns how many different hours so many rows are in, on average: each is marked as dirty. */
function hoursOf(rows: readonly WrittenRow[], count: number): number {
  const byHour = new Map<number, number>()
  for (const { lagMs } of rows) {
    const hoursAgo = Math.floor(lagMs / HOUR_MS)
    byHour.set(hoursAgo, (byHour.get(hoursAgo) ?? 0) + 1)
  }
  return [...byHour.values()].reduce((sum, found) => sum + 1 - (1 - found / rows.length) ** count, 0)
}
