// Lists the CPU that the steps take, as the bench measured it, and what a function may use.

import type { PipelineSettings } from '../../infra/settings.ts'

/**
 * CPU of a user's write and of a record. They fit the CPU of a record in `npm run bench:ingest`:
 * 260 microseconds at b = 1, 100 at b = 5 and 69 at b = 10.
 */
export const WRITE_CPU_MICROS = 200
export const RECORD_CPU_MICROS = 60
/** From `npm run bench:sweep` and `npm run bench:finalize`. */
export const CLOSINGS_PER_CPU_SECOND = 2601
export const FINALIZED_PER_CPU_SECOND = 754
/** CPU of a row where the rollup sums 1.09 million, with a stub that answers at once. */
export const ROW_CPU_MICROS = 11.2
/** Lambda gives a whole core with so much memory, and no more than a core to one thread. */
const CORE_MB = 1769
export const SHARD_RECORDS_PER_SECOND = 1000

export function coresOf(memoryMb: number): number {
  return Math.min(1, memoryMb / CORE_MB)
}

/** @param writesARecord writes of states for each record. */
export function laneRecordsPerSecond(
  writesARecord: number,
  { ingestMemoryMb }: Pick<PipelineSettings, 'ingestMemoryMb'>,
): number {
  return (1e6 * coresOf(ingestMemoryMb)) / (WRITE_CPU_MICROS * writesARecord + RECORD_CPU_MICROS)
}
