// Computes what managed Flink costs for the same events, with its stream and its results.

import { HOURS_A_MONTH, PRICES } from './prices.ts'

/**
 * Events a second and processing unit: AWS' own sizing example, and half of a published benchmark.
 */
export const FLINK_EVENTS_PER_UNIT = { slow: 1000, fast: 20_000 } as const
const STORAGE_GB = 50

/**
 * Returns the dollars for a month, without the table of results. The service bills one unit more
 * than the work needs.
 *
 * @param streamDollars the dollars for a month of the stream that brings the same records.
 */
export function flinkDollars(eventsPerSecond: number, eventsPerUnit: number, streamDollars: number): number {
  const units = Math.max(1, Math.ceil(eventsPerSecond / eventsPerUnit))
  return (
    (units + 1) * PRICES.flinkUnitHour * HOURS_A_MONTH + units * STORAGE_GB * PRICES.flinkStorageGbMonth + streamDollars
  )
}
