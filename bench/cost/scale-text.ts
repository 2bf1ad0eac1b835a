// Prints what deployments of several sizes need and cost as tables.

import { columns } from '../../terminal/text-table.ts'
import type { ScaleReport } from './scale.ts'

export function scaleText({ sizes, breakEven, ceilings }: ScaleReport): string {
  const rows = sizes.map((scale) => [
    ...[scale.eventsPerSecond, scale.batches, scale.shards].map(String),
    scale.lanesBusy.toFixed(1),
    ...[scale.writeUnitsPerSecond, scale.readUnitsPerSecond, scale.partitions].map((count) => count.toFixed(0)),
    ...[scale.kinesis, scale.lambda, scale.dynamodbOnDemand, scale.dynamodbProvisioned].map(dollars),
    ...[scale.onDemand, scale.provisioned, scale.flinkFast, scale.flinkSlow].map(dollars),
  ])
  const cheaper = breakEven.map(({ batches, onDemand, provisioned }) => [batches, onDemand, provisioned].map(String))
  const limits = ceilings.map(({ part, one, all, why }) => [part, rounded(one), all === null ? '-' : rounded(all), why])
  return [
    columns([HEAD, ...rows]),
    '',
    'Dollars are for a month at a steady rate, and those of Lambda are for ingest.',
    'A processing unit of Flink takes 20,000 or 1,000 events a second.',
    '',
    'Flink with 20,000 a unit costs less from so many events a second:',
    columns([['batches', 'on demand', 'provisioned'], ...cheaper]),
    '',
    'Events a second that each part takes with the default memory:',
    columns([['part', 'one', 'all', 'why'], ...limits]),
  ].join('\n')
}

const HEAD = [
  'events/s',
  'batches',
  'shards',
  'lanes',
  'write/s',
  'read/s',
  'partitions',
  'Kinesis',
  'Lambda',
  'DynamoDB',
  'provisioned',
  'all',
  'all, prov.',
  'Flink 20k',
  'Flink 1k',
]

function dollars(amount: number): string {
  return `$${Math.round(amount)}`
}

/** To two digits, since the CPU was measured on a busy machine. */
function rounded(count: number): string {
  return String(Number(count.toPrecision(2)))
}
