// The sizes of deployments as a person reads them: the model's numbers in, tables out.

import { columns } from '../terminal/text-table.ts'
import type { ScaleReport } from './scale.ts'

export function scaleText({ sizes, breakEven, sweptEventsPerSecond }: ScaleReport): string {
  const rows = sizes.map((scale) => [
    ...[scale.eventsPerSecond, scale.batches, scale.shards].map(String),
    scale.lanesBusy.toFixed(1),
    ...[scale.writeUnitsPerSecond, scale.readUnitsPerSecond, scale.partitions].map((count) => count.toFixed(0)),
    ...[scale.kinesis, scale.lambda, scale.dynamodbOnDemand, scale.dynamodbProvisioned].map(dollars),
    ...[scale.onDemand, scale.provisioned, scale.flinkFast, scale.flinkSlow].map(dollars),
  ])
  const cheaper = breakEven.map(({ batches, onDemand, provisioned }) => [batches, onDemand, provisioned].map(String))
  return [
    columns([HEAD, ...rows]),
    '',
    'Dollars a month at a steady rate. Lambda is ingest. Flink: 20,000 and 1,000 events a second and processing unit.',
    '',
    'From so many events a second, Flink (20,000) costs less:',
    columns([['batches', 'on demand', 'provisioned'], ...cheaper]),
    '',
    `One sweeper of 512 MB closes the sessions of ${Math.round(sweptEventsPerSecond)} events a second, the first limit.`,
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
