// Prints what events cost as a table.

import { streamDollars, unitDollars } from '../../local/cost/prices.ts'
import { columns } from '../../terminal/text-table.ts'
import type { Cost, CostReport } from './cost.ts'

/** The used share of a shard's 1,000 records a second. */
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
    'b: events per user and batch. The numbers are capacity units of DynamoDB for each session or event.',
    "write: append, timers and close. batch: the share of the shard's progress, which a batch writes once.",
    'dollars: DynamoDB on demand for a million events, with results and reads. naive $ leaves out reads.',
    `Kinesis adds ${dollars(streamDollars(SHARD_USE))} a million records (provisioned, shards half used). S3 holds dead letters only.`,
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
  const { append, timers, close } = cost.writeBy
  const b = cost.events / (cost.userBatches * (cost.per === 'event' ? cost.events : cost.sessions))
  const units = [append, timers, close, cost.write, cost.limit, cost.naive, cost.batch, cost.results, cost.read]
  return [
    name,
    cost.per,
    b.toFixed(2),
    ...units.map((count) => count.toFixed(2)),
    dollars(perMillion(cost)),
    dollars(naive(cost)),
  ]
}

/** Returns the dollars that a million events cost. */
function perMillion({ write, batch, results, read, ...cost }: Cost): number {
  return unitDollars(write + batch + results, read) * countInMillion(cost)
}

function naive({ naive, naiveResults, ...cost }: Cost): number {
  return unitDollars(naive + naiveResults, 0) * countInMillion(cost)
}

/** Returns how many events or sessions a million events are. */
function countInMillion({ per, events, sessions }: Pick<Cost, 'per' | 'events' | 'sessions'>): number {
  return per === 'event' ? 1e6 : (1e6 * sessions) / events
}

function dollars(amount: number): string {
  return `$${amount.toFixed(3)}`
}
