// Computes how many events a second each part takes with the default memory, from measured CPU.

import { SWEEPERS_MAX } from '../../functions/contract.ts'
import { HOUR_MS, SECOND_MS } from '../../functions/domain/durations.ts'
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

export function ceilings(writesAnEvent: number): Ceiling[] {
  const sweeper = CLOSINGS_PER_CPU_SECOND * coresOf(DEPLOYED.sweepMemoryMb) * STANDARD_EVENTS
  const finalizer = FINALIZED_PER_CPU_SECOND * coresOf(DEPLOYED.finalizeMemoryMb) * STANDARD_EVENTS
  const rowsARun = ((DEPLOYED.rollupEvery - BETWEEN_RUNS_MS) * 1000 * coresOf(DEPLOYED.rollupMemoryMb)) / ROW_CPU_MICROS
  const summed = (rowsARun / ROWS_AN_EVENT) * (SECOND_MS / HOUR_MS)
  const slice = PARTITION_UNITS_PER_SECOND / ROWS_AN_EVENT
  return [
    {
      part: 'ingest, a shard',
      one: Math.min(SHARD_RECORDS_PER_SECOND, laneRecordsPerSecond(writesAnEvent, DEPLOYED)),
      all: null,
      why: 'Kinesis accepts no more; add shards',
    },
    { part: 'sweep, a sweeper', one: sweeper, all: sweeper * SWEEPERS_MAX, why: 'raise sweepers' },
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
    { part: 'index by hour, a slice', one: slice, all: slice * SLICES.length, why: 'a partition of DynamoDB' },
  ]
}
