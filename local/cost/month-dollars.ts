// Computes the dollars of a month from its units, for each way to bill the stream and the tables,
// and for managed Flink.

import type { PipelineSettings } from '../../infra/settings.ts'
import { FLINK_EVENTS_PER_UNIT, flinkDollars } from './flink.ts'
import {
  CLOSINGS_PER_CPU_SECOND,
  coresOf,
  FINALIZED_PER_CPU_SECOND,
  laneRecordsPerSecond,
  ROW_CPU_MICROS,
  SHARD_RECORDS_PER_SECOND,
} from './measured-cpu.ts'
import type { MonthUnits } from './month-units.ts'
import {
  HOURS_A_MONTH,
  PRICES,
  provisionedDollars,
  provisionedStreamDollars,
  SECONDS_A_MONTH,
  USE,
  unitDollars,
} from './prices.ts'
import { eventsOf, type Traffic } from './replayed-log.ts'

/** Dollars a month. */
export interface MonthDollars {
  /** DynamoDB: states, closed sessions, timers and the progress of shards. */
  readonly sessionWrites: number
  /** DynamoDB: rows and dirty hours. */
  readonly resultWrites: number
  /** DynamoDB: the index by hour. */
  readonly indexWrites: number
  /** DynamoDB: sums of hours and days, and query lists. */
  readonly sumWrites: number
  readonly reads: number
  readonly stream: number
  readonly lambda: number
  readonly deadLetters: number
  readonly watching: number
  readonly total: number
}

export type Billing = Pick<PipelineSettings, 'streamMode' | 'tableBilling'>

/** So many metrics the CloudWatch alarms of the stack watch, with and without rollups. */
export const WATCHED_METRICS = { on: 42, off: 38 }
/** Two tables and an index have at least one unit each. */
const PROVISIONED_MIN = 3
/** These two have a value also where nothing happens. */
const STEADY_METRICS = ['HorizonLag', 'UsersOpen']
/** A run of the sweeper or of rollup takes about so long when it finds little. */
const IDLE_RUN_SECONDS = 1
const STREAM_GB = 1024 ** 3
/** An on-demand stream bills each record by whole KB. */
const STREAM_KB = 1024

/** Returns how many shards take the records of the rate, with room for peaks. */
export function shardsFor({ records, eventsPerSecond }: Pick<Traffic, 'records' | 'eventsPerSecond'>): number {
  const events = eventsOf(records)
  const bytes = records.reduce((sum, { data }) => sum + data.length, 0)
  const recordsPerSecond = (eventsPerSecond * records.length) / events
  const bytesPerSecond = (eventsPerSecond * bytes) / events
  return Math.ceil(Math.max(recordsPerSecond / SHARD_RECORDS_PER_SECOND, bytesPerSecond / STREAM_KB ** 2) / USE)
}

export function monthDollars(
  month: MonthUnits,
  { records, shards }: Traffic,
  settings: PipelineSettings,
  { streamMode, tableBilling }: Billing,
): MonthDollars {
  const isOnDemand = tableBilling === 'on-demand'
  const perSecond = (units: number, unitsMin: number): number => Math.max(units / SECONDS_A_MONTH, unitsMin * USE)
  const writes = (units: number, unitsMin: number): number =>
    isOnDemand ? unitDollars(units, 0) : provisionedDollars(perSecond(units, unitsMin), 0)
  const reads = (units: number): number =>
    isOnDemand ? unitDollars(0, units) : provisionedDollars(0, perSecond(units, PROVISIONED_MIN))
  const { write, read } = month
  const parts = {
    sessionWrites: writes(write.sessions, 1),
    resultWrites: writes(write.results, 1),
    indexWrites: writes(write.index, 1),
    sumWrites: writes(write.sums, 0),
    reads: reads(read.sessions + read.results + read.sums),
    stream:
      streamMode === 'on-demand'
        ? onDemandStreamDollars(records, month.records)
        : provisionedStreamDollars(shards, month.records / SECONDS_A_MONTH),
    lambda: lambdaDollars(month, settings),
    deadLetters: (month.deadLetterObjects / 1000) * PRICES.objectPuts,
    watching:
      WATCHED_METRICS[settings.rollups] * PRICES.watchedMetric + metricsOf(month) * PRICES.metric + PRICES.dashboard,
  }
  return { ...parts, total: Object.values(parts).reduce((sum, dollars) => sum + dollars, 0) }
}

function onDemandStreamDollars(records: Traffic['records'], recordsAMonth: number): number {
  const billed = records.reduce((sum, { data }) => sum + Math.max(1, Math.ceil(data.length / STREAM_KB)), 0)
  const gigabytes = ((billed / records.length) * STREAM_KB * recordsAMonth) / STREAM_GB
  return PRICES.streamHour * HOURS_A_MONTH + gigabytes * PRICES.streamGb
}

/** The functions' CPU, and a second for each run on a schedule. */
function lambdaDollars(month: MonthUnits, settings: PipelineSettings): number {
  const { records, userBatches, closings, rowsSummed, invocations } = month
  const seconds = {
    ingest: records / laneRecordsPerSecond(userBatches / records, settings),
    sweep:
      closings / (CLOSINGS_PER_CPU_SECOND * coresOf(settings.sweepMemoryMb)) + invocations.sweep * IDLE_RUN_SECONDS,
    finalize: closings / (FINALIZED_PER_CPU_SECOND * coresOf(settings.finalizeMemoryMb)),
    rollup:
      (rowsSummed * ROW_CPU_MICROS) / 1e6 / coresOf(settings.rollupMemoryMb) + invocations.rollup * IDLE_RUN_SECONDS,
  }
  const gigabyteSeconds =
    (seconds.ingest * settings.ingestMemoryMb +
      seconds.sweep * settings.sweepMemoryMb +
      seconds.finalize * settings.finalizeMemoryMb +
      seconds.rollup * settings.rollupMemoryMb) /
    1024
  const count = Object.values(invocations).reduce((sum, invoked) => sum + invoked, 0)
  return gigabyteSeconds * PRICES.gbSecond + (count / 1e6) * PRICES.invocations
}

function metricsOf({ replayed }: MonthUnits): number {
  return new Set([...replayed.counted.metrics, ...STEADY_METRICS]).size
}

export interface MonthFlink {
  /** Where a processing unit takes 20,000 events a second. */
  readonly fast: number
  /** Where it takes 1,000. */
  readonly slow: number
}

/**
 * The same stream and rows cost as much with Flink. It sums hours itself, and needs neither the
 * index nor dirty hours.
 *
 * @param streamDollars the dollars for a month of the stream.
 */
export function monthFlink(
  month: MonthUnits,
  { records, eventsPerSecond }: Traffic,
  { tableBilling }: Pick<Billing, 'tableBilling'>,
  streamDollars: number,
): MonthFlink {
  const rowWrites = (month.replayed.counted.write.rows * month.events) / eventsOf(records)
  const rows =
    tableBilling === 'on-demand' ? unitDollars(rowWrites, 0) : provisionedDollars(rowWrites / SECONDS_A_MONTH, 0)
  return {
    fast: flinkDollars(eventsPerSecond, FLINK_EVENTS_PER_UNIT.fast, streamDollars) + rows,
    slow: flinkDollars(eventsPerSecond, FLINK_EVENTS_PER_UNIT.slow, streamDollars) + rows,
  }
}
