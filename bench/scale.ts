// What a deployment of a size needs and costs: measured units and speeds in, shards, units, lanes and dollars a month out.

import { readFileSync } from 'node:fs'
import type { CommittedUnits } from './committed-units.ts'
import { HOURS_A_MONTH, PRICES, unitDollars } from './prices.ts'
import { STANDARD_EVENTS } from './standard-session.ts'

export interface Scale {
  readonly eventsPerSecond: number
  readonly b: number
  readonly shards: number
  /** Lanes of ingest that are busy at the same time, on average. */
  readonly lanesBusy: number
  readonly writeUnitsPerSecond: number
  readonly readUnitsPerSecond: number
  /** Of the tables, by writes. */
  readonly partitions: number
  /** Dollars a month. */
  readonly kinesis: number
  readonly lambda: number
  readonly dynamodbOnDemand: number
  readonly dynamodbProvisioned: number
  readonly onDemand: number
  readonly provisioned: number
  /** Managed Flink with its stream and the writes of its results, where a processing unit takes few events and where many. */
  readonly flinkSlow: number
  readonly flinkFast: number
  /** The fast one, its results written to a provisioned table. */
  readonly flinkProvisioned: number
}

export interface BreakEven {
  readonly b: number
  /** Events a second from which managed Flink (fast) is cheaper. */
  readonly onDemand: number
  readonly provisioned: number
}

export interface ScaleReport {
  readonly sizes: readonly Scale[]
  readonly breakEven: readonly BreakEven[]
}

const UNITS: CommittedUnits = JSON.parse(readFileSync(new URL('units.json', import.meta.url), 'utf8'))
/** CPU a record by events per user and batch, as `npm run bench:ingest` measured it on a shared 2-core machine. */
const CPU_MICROS: Readonly<Record<number, number>> = { 1: 682, 2: 341, 5: 137 }
const RATES = [100, 1000, 10_000, 100_000] as const
const PER_BATCH = [1, 2, 5] as const

/** How full shards, lanes and provisioned tables are meant to be. */
const USE = 0.7
const SHARD_RECORDS_PER_SECOND = 1000
const LANE_GB = 0.5
/** Of a core: Lambda gives a whole one with 1,769 MB. */
const LANE_CORES = 512 / 1769
const BATCH_RECORDS_MAX = 500
const BATCH_WINDOW_SECONDS = 30
/** Progress, and what pages of some fifty alarms take beyond their share of full ones: one for openings, one for AppCloses. */
const UNITS_A_BATCH = 7
const PARTITION_UNITS_PER_SECOND = 1000
const SECONDS_A_MONTH = HOURS_A_MONTH * 3600
/** Events a second and processing unit: what AWS' own example sizes for, and half of what a published benchmark reached. */
const FLINK_EVENTS_PER_UNIT = { slow: 1000, fast: 20_000 } as const
const FLINK_STORAGE_GB = 50
const BREAK_EVEN_MAX = 100_000

export async function measureScale(): Promise<ScaleReport> {
  return {
    sizes: RATES.flatMap((rate) => PER_BATCH.map((b) => scaleOf(rate, b))),
    breakEven: PER_BATCH.map((b) => ({
      b,
      onDemand: breakEven(b, ({ onDemand, flinkFast }) => onDemand > flinkFast),
      provisioned: breakEven(b, ({ provisioned, flinkProvisioned }) => provisioned > flinkProvisioned),
    })),
  }
}

export function scaleOf(rate: number, b: number): Scale {
  const units = UNITS[`standard ${b}`] as { write: number; read: number; results: number }
  const laneSeconds = (CPU_MICROS[b] as number) / 1e6 / LANE_CORES
  const lanesBusy = rate * laneSeconds
  // A shard has one lane: it is full when its records are too many, or too dear.
  const shards = Math.max(1, Math.ceil(rate / (SHARD_RECORDS_PER_SECOND * USE)), Math.ceil(lanesBusy / USE))
  const batches = Math.max(rate / BATCH_RECORDS_MAX, Math.min(rate, shards / BATCH_WINDOW_SECONDS))
  const write = (rate * (units.write + units.results)) / STANDARD_EVENTS + batches * UNITS_A_BATCH
  const read = (rate * units.read) / STANDARD_EVENTS
  const kinesis = shards * PRICES.shardHour * HOURS_A_MONTH + perMonth(rate, PRICES.streamPuts)
  const gbSeconds = lanesBusy * LANE_GB * SECONDS_A_MONTH
  const lambda = gbSeconds * PRICES.gbSecond + perMonth(batches, PRICES.invocations)
  const dynamodbOnDemand = unitDollars(write, read) * SECONDS_A_MONTH
  const dynamodbProvisioned = provisionedDollars(write, read)
  const results = (rate * units.results) / STANDARD_EVENTS
  const resultDollars = unitDollars(results, 0) * SECONDS_A_MONTH
  return {
    eventsPerSecond: rate,
    b,
    shards,
    lanesBusy,
    writeUnitsPerSecond: write,
    readUnitsPerSecond: read,
    partitions: Math.ceil(write / PARTITION_UNITS_PER_SECOND),
    kinesis,
    lambda,
    dynamodbOnDemand,
    dynamodbProvisioned,
    onDemand: kinesis + lambda + dynamodbOnDemand,
    provisioned: kinesis + lambda + dynamodbProvisioned,
    flinkSlow: flink(rate, FLINK_EVENTS_PER_UNIT.slow) + resultDollars,
    flinkFast: flink(rate, FLINK_EVENTS_PER_UNIT.fast) + resultDollars,
    flinkProvisioned: flink(rate, FLINK_EVENTS_PER_UNIT.fast) + provisionedDollars(results, 0),
  }
}

function perMonth(perSecond: number, dollarsPerMillion: number): number {
  return (perSecond * SECONDS_A_MONTH * dollarsPerMillion) / 1e6
}

/** A month of so many units a second. */
function provisionedDollars(write: number, read: number): number {
  return ((write * PRICES.writeUnitHour + read * PRICES.readUnitHour) / USE) * HOURS_A_MONTH
}

/** Without its results. One unit more than work asks for is billed for each application. */
function flink(rate: number, eventsPerUnit: number): number {
  const units = Math.max(1, Math.ceil(rate / eventsPerUnit))
  const shards = Math.max(1, Math.ceil(rate / (SHARD_RECORDS_PER_SECOND * USE)))
  return (
    (units + 1) * PRICES.flinkUnitHour * HOURS_A_MONTH +
    units * FLINK_STORAGE_GB * PRICES.flinkStorageGbMonth +
    shards * PRICES.shardHour * HOURS_A_MONTH +
    perMonth(rate, PRICES.streamPuts)
  )
}

function breakEven(b: number, isDearer: (scale: Scale) => boolean): number {
  for (let rate = 1; rate < BREAK_EVEN_MAX; rate++) if (isDearer(scaleOf(rate, b))) return rate
  return BREAK_EVEN_MAX
}
