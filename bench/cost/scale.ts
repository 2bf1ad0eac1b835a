// Computes what a deployment needs and costs at a rate of events, from measured units and CPU, and
// compares it with managed Flink.

import { readFileSync } from 'node:fs'
import { FLINK_EVENTS_PER_UNIT, flinkDollars } from '../../local/cost/flink.ts'
import { laneRecordsPerSecond, SHARD_RECORDS_PER_SECOND } from '../../local/cost/measured-cpu.ts'
import {
  PRICES,
  perMonth,
  provisionedDollars,
  provisionedStreamDollars,
  SECONDS_A_MONTH,
  USE,
  unitDollars,
} from '../../local/cost/prices.ts'
import { DEPLOYED } from '../bench-settings.ts'
import { STANDARD_EVENTS } from '../standard-session.ts'
import { type Ceiling, ceilings, PARTITION_UNITS_PER_SECOND } from './ceilings.ts'
import type { CommittedUnits } from './committed-units.ts'

export interface Scale {
  readonly eventsPerSecond: number
  readonly batches: Batches
  readonly shards: number
  /** Invocations of ingest that run at the same time, on average. Each shard has one lane. */
  readonly lanesBusy: number
  readonly writeUnitsPerSecond: number
  readonly readUnitsPerSecond: number
  /** The partitions that DynamoDB needs for the writes. */
  readonly partitions: number
  /** This and the numbers below are dollars a month. */
  readonly kinesis: number
  readonly lambda: number
  readonly dynamodbOnDemand: number
  readonly dynamodbProvisioned: number
  readonly onDemand: number
  readonly provisioned: number
  /** Managed Flink with its stream and results, where a processing unit takes few events. */
  readonly flinkSlow: number
  /** The same where a processing unit takes many events. */
  readonly flinkFast: number
  /** `flinkFast` with its results in a provisioned table. */
  readonly flinkProvisioned: number
}

export interface BreakEven {
  readonly batches: Batches
  /** The events a second from which `flinkFast` is cheaper. */
  readonly onDemand: number
  /** The events a second from which `flinkProvisioned` is cheaper. */
  readonly provisioned: number
}

export interface ScaleReport {
  readonly sizes: readonly Scale[]
  readonly breakEven: readonly BreakEven[]
  readonly ceilings: readonly Ceiling[]
}

const UNITS: CommittedUnits = JSON.parse(readFileSync(new URL('../units.json', import.meta.url), 'utf8'))
const RATES = [1, 10, 100, 1000, 10_000] as const

/** The committed log that each choice takes its units from, by the user's events in a batch. */
const BATCHES = {
  defaults: 'deployed 100',
  'two together': 'standard 2',
  'five together': 'standard 5',
} as const
type Batches = keyof typeof BATCHES
const EACH_BATCHES = Object.keys(BATCHES) as Batches[]

const LANE_GB = DEPLOYED.ingestMemoryMb / 1024
const BREAK_EVEN_MAX = 100_000

export async function measureScale(): Promise<ScaleReport> {
  return {
    sizes: RATES.flatMap((rate) => EACH_BATCHES.map((batches) => scaleOf(rate, batches))),
    breakEven: EACH_BATCHES.map((batches) => ({
      batches,
      onDemand: breakEven(batches, ({ onDemand, flinkFast }) => onDemand > flinkFast),
      provisioned: breakEven(batches, ({ provisioned, flinkProvisioned }) => provisioned > flinkProvisioned),
    })),
    ceilings: ceilings((UNITS[BATCHES.defaults]?.userBatches as number) / STANDARD_EVENTS),
  }
}

export function scaleOf(rate: number, batches: Batches): Scale {
  const units = UNITS[BATCHES[batches]] as { [unit in 'allWrites' | 'read' | 'results' | 'userBatches']: number }
  const lanesBusy = rate / laneRecordsPerSecond(units.userBatches / STANDARD_EVENTS, DEPLOYED)
  // A shard is full when it has too many records, or when its one lane has too much work.
  const shards = Math.max(1, Math.ceil(rate / (SHARD_RECORDS_PER_SECOND * USE)), Math.ceil(lanesBusy / USE))
  const invocations = Math.max(rate / DEPLOYED.batchSize, Math.min(rate, (shards * 1000) / DEPLOYED.batchWindow))
  const write = (rate * units.allWrites) / STANDARD_EVENTS
  const read = (rate * units.read) / STANDARD_EVENTS
  const kinesis = provisionedStreamDollars(shards, rate)
  const gbSeconds = lanesBusy * LANE_GB * SECONDS_A_MONTH
  const lambda = gbSeconds * PRICES.gbSecond + perMonth(invocations, PRICES.invocations)
  const dynamodbOnDemand = unitDollars(write, read) * SECONDS_A_MONTH
  const dynamodbProvisioned = provisionedDollars(write, read)
  // Half of these units are for the hour index. Flink needs none, as it sums hours in its memory.
  const results = (rate * units.results) / 2 / STANDARD_EVENTS
  const resultDollars = unitDollars(results, 0) * SECONDS_A_MONTH
  return {
    eventsPerSecond: rate,
    batches,
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
    flinkSlow: flinkDollars(rate, FLINK_EVENTS_PER_UNIT.slow, kinesis) + resultDollars,
    flinkFast: flinkDollars(rate, FLINK_EVENTS_PER_UNIT.fast, kinesis) + resultDollars,
    flinkProvisioned: flinkDollars(rate, FLINK_EVENTS_PER_UNIT.fast, kinesis) + provisionedDollars(results, 0),
  }
}

function breakEven(batches: Batches, isDearer: (scale: Scale) => boolean): number {
  for (let rate = 1; rate < BREAK_EVEN_MAX; rate++) if (isDearer(scaleOf(rate, batches))) return rate
  return BREAK_EVEN_MAX
}
