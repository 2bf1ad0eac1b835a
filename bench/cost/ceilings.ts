// Computes how many events a second each part takes with the default memory, from measured CPU.

import { SWEEPERS_MAX } from '../../functions/contract.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { SLICES } from '../../functions/domain/results/rollup.ts'
import {
  CLOSINGS_PER_CPU_SECOND,
  coresOf,
  FINALIZED_PER_CPU_SECOND,
  laneRecordsPerSecond,
  ROW_CPU_MICROS,
  SHARD_RECORDS_PER_SECOND,
} from '../../local/cost/measured-cpu.ts'
import { DEPLOYED } from '../bench-settings.ts'
import { STANDARD_EVENTS, STANDARD_SEARCHES } from '../standard-session.ts'

/** Events a second, in standard sessions. */
export interface Ceiling {
  readonly part: string
  /** For one shard, sweeper, run or slice. */
  readonly one: number
  /** For all of them with the largest settings; null where there may be any number. */
  readonly all: number | null
  readonly why: string
}

export const PARTITION_UNITS_PER_SECOND = 1000
/** A session has a row, and so has each of its searches. The index by hour has as many entries. */
const ROWS_AN_EVENT = (STANDARD_SEARCHES + 1) / STANDARD_EVENTS
/** The hour that runs and the one before it. */
const DIRTY_HOURS = 2
/** A run stops reading so long before the next one starts. */
const BETWEEN_RUNS_MS = 15 * SECOND_MS
/** A sweep closes sessions for at most so long: its timeout, less the time that its end needs. */
const SWEEP_MS = 50 * SECOND_MS
/** Each sweeper begins so much later than the one before it. */
const BETWEEN_SWEEPERS_MS = SECOND_MS / 2

export function ceilings(writesAnEvent: number): Ceiling[] {
  const sweeping = CLOSINGS_PER_CPU_SECOND * coresOf(DEPLOYED.sweepMemoryMb) * STANDARD_EVENTS
  const sweepers = (count: number): number => {
    const waitMs = (BETWEEN_SWEEPERS_MS * (count - 1)) / 2
    return (count * sweeping * (SWEEP_MS - waitMs)) / DEPLOYED.sweepEvery
  }
  const finalizer = FINALIZED_PER_CPU_SECOND * coresOf(DEPLOYED.finalizeMemoryMb) * STANDARD_EVENTS
  const rowsARun = ((DEPLOYED.rollupEvery - BETWEEN_RUNS_MS) * 1000 * coresOf(DEPLOYED.rollupMemoryMb)) / ROW_CPU_MICROS
  const summed = (rowsARun / ROWS_AN_EVENT) * (SECOND_MS / HOUR_MS)
  const rankings = rankedEvents(rowsARun)
  const slice = PARTITION_UNITS_PER_SECOND / ROWS_AN_EVENT
  return [
    {
      part: 'ingest, a shard',
      one: Math.min(SHARD_RECORDS_PER_SECOND, laneRecordsPerSecond(writesAnEvent, DEPLOYED)),
      all: null,
      why: 'Kinesis accepts no more; add shards',
    },
    { part: 'sweep, a sweeper', one: sweepers(1), all: sweepers(SWEEPERS_MAX), why: 'raise sweepers' },
    {
      part: 'finalize, a shard of the table',
      one: finalizer * DEPLOYED.finalizers,
      all: null,
      why: 'the table has a shard for each partition',
    },
    {
      part: 'rollup, a run',
      one: summed / DIRTY_HOURS,
      all: summed,
      why: 'one run sums an hour; raise rollupRuns to 2',
    },
    {
      part: 'rollup, the lists of queries',
      one: rankings,
      all: summed,
      why: 'lists take the time that sums leave; raise rankEvery',
    },
    { part: 'index by hour, a slice', one: slice, all: slice * SLICES.length, why: 'a partition of DynamoDB' },
  ]
}

/**
 * Returns the events a second whose day is still ranked once in `rankEvery`. In that time, each run
 * sums the dirty hours again, and all runs together read the searches of a day once.
 */
function rankedEvents(rowsARun: number): number {
  const runs = DEPLOYED.rankEvery / DEPLOYED.rollupEvery
  const summedRows = (runs * DIRTY_HOURS * ROWS_AN_EVENT * HOUR_MS) / SECOND_MS
  const rankedRows = ((STANDARD_SEARCHES / STANDARD_EVENTS) * DAY_MS) / SECOND_MS
  return (runs * rowsARun) / (summedRows + rankedRows)
}
