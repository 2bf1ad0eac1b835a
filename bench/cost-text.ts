// The costs as a person reads them: the report in, tables out.

import { columns } from '../terminal/text-table.ts'
import type { Cost, CostReport } from './cost.ts'
import { streamDollars, unitDollars } from './prices.ts'

/** Of a shard's 1,000 records a second. */
const SHARD_USE = 0.5

export function costText({ standard, deployed, alone, long, realistic, real }: CostReport): string {
  const rows = [
    ...Object.entries(standard).map(([b, cost]) => costRow(`standard session, b = ${b}`, cost)),
    ...Object.entries(deployed).map(([rate, cost]) => costRow(`${rate} events/s, defaults`, cost)),
    costRow('alone in its batches', alone),
    ...Object.entries(long).map(([b, cost]) => costRow(`1,000 events, b = ${b}`, cost)),
    costRow('generated log', realistic),
    ...(real === null ? [] : [costRow('study log', real)]),
  ]
  return [
    columns([HEAD, ...rows]),
    '',
    'b: events per user and batch. Units of DynamoDB, for each session or event.',
    'write is append, timers and close; batch is how far its shard is read, which a batch writes once for all its users.',
    'dollars: DynamoDB on demand, per million events, results and reads included; so is naive $, without reads.',
    `Kinesis adds ${dollars(streamDollars(SHARD_USE))} a million records (provisioned, shards half used). S3 takes dead letters only.`,
  ].join('\n')
}

const HEAD = [
  'log',
  'for each',
  'b',
  'append',
  'timers',
  'close',
  'write',
  'limit',
  'naive',
  'batch',
  'results',
  'read',
  'dollars',
  'naive $',
]

function costRow(name: string, cost: Cost): string[] {
  const { append, index, close } = cost.writeBy
  const b = cost.events / (cost.userBatches * (cost.per === 'event' ? cost.events : cost.sessions))
  const units = [append, index, close, cost.write, cost.limit, cost.naive, cost.batch, cost.results, cost.read]
  return [
    name,
    cost.per,
    b.toFixed(2),
    ...units.map((count) => count.toFixed(2)),
    dollars(perMillion(cost)),
    dollars(naive(cost)),
  ]
}

/** Of a million events. */
export function perMillion({ write, batch, results, read, ...cost }: Cost): number {
  return unitDollars(write + batch + results, read) * perCost(cost)
}

function naive({ naive, naiveResults, ...cost }: Cost): number {
  return unitDollars(naive + naiveResults, 0) * perCost(cost)
}

function perCost({ per, events, sessions }: Pick<Cost, 'per' | 'events' | 'sessions'>): number {
  return per === 'event' ? 1e6 : (1e6 * sessions) / events
}

function dollars(amount: number): string {
  return `$${amount.toFixed(3)}`
}
