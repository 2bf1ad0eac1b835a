// Measures the capacity units that sessions and events of fixed logs take, beside those of a naive
// design and the least that is possible.

import type { Batch } from '../../local/cost/replay-batches.ts'
import { type Endpoints, startEndpoints } from '../../local/emulators/endpoints.ts'
import type { SentEvent } from '../../samples/tutorial-events.ts'
import { batchesOf, userBatches, windowedBatches } from '../batches.ts'
import { BENCH_SETTINGS, DEPLOYED } from '../bench-settings.ts'
import { longLog, readRealLog, realisticLog, standardLogs, trafficLog } from './cost-logs.ts'
import { type Metered, meterPipeline } from './metered-pipeline.ts'
import { meterNaive } from './naive-baseline.ts'
import { type Purpose, totalUnits, type Units } from './unit-meter.ts'

export interface Cost {
  /** The numbers below are for each session, or for each event. */
  readonly per: 'session' | 'event'
  /** The sum of append, timers and close. */
  readonly write: number
  readonly read: number
  /** The share of the shard's progress, which ingest writes once a batch for all its users. */
  readonly batch: number
  /** Rows, one a search and one a session. */
  readonly results: number
  readonly writeBy: Readonly<Record<Exclude<Purpose, 'batch' | 'results'>, number>>
  readonly readBy: Units
  /** All writes of the naive design but its results. */
  readonly naive: number
  readonly naiveResults: number
  /** The least possible: a write for each user and batch, and one for the result. */
  readonly limit: number
  /** How many batches hold events of its user. */
  readonly userBatches: number
  readonly events: number
  readonly sessions: number
}

export interface CostReport {
  /** By events per user and batch. */
  readonly standard: Readonly<Record<string, Cost>>
  /** Standard sessions with the settings of a deployment and one shard, by events a second. */
  readonly deployed: Readonly<Record<string, Cost>>
  /**
   * The standard session of a lone user: every event is a batch, and every timer has its own item.
   */
  readonly alone: Cost
  /** A session of a thousand events, by events per user and batch. */
  readonly long: Readonly<Record<string, Cost>>
  readonly realistic: Cost
  /** Null where the study log does not lie beside the project. */
  readonly real: Cost | null
}

const PER_BATCH = [1, 2, 5, 10] as const
const LONG_PER_BATCH = [1, 5] as const
/** Events a second, with enough sessions that batches fill up as they do in the long run. */
const TRAFFIC = [
  { rate: 1, sessions: 60 },
  { rate: 10, sessions: 200 },
  { rate: 100, sessions: 1000 },
] as const
const WINDOW = { batchSize: DEPLOYED.batchSize, batchWindowMs: DEPLOYED.batchWindow }

/**
 * @param onStep receives the name of the next log.
 * @param known the units of the naive design, which take longest; null to measure them too.
 */
export async function measureCost(onStep: (text: string) => void, known: Naive | null = null): Promise<CostReport> {
  const endpoints = await startEndpoints(null, null, process.env)
  // Several runs may share an endpoint, so each has tables of its own.
  const run = `bench-${Date.now().toString(36)}`
  const measure: Measure = (name, batches, per, naive) => {
    onStep(name)
    return costOf(`${run}-${name}`, batches, per, known ?? naive, endpoints)
  }
  try {
    const logs = standardLogs()
    const standard = await measureEach(PER_BATCH, 'standard', logs, 'session', measure)
    const naive = standard[1] ?? null
    const deployed: Record<string, Cost> = {}
    for (const { rate, sessions } of TRAFFIC) {
      const batches = windowedBatches(trafficLog(rate, sessions), WINDOW)
      deployed[rate] = await measure(`deployed-${rate}`, batches, 'session', naive)
    }
    const alone = await measure('alone', batchesOf(logs.slice(0, 1), 1), 'session', naive)
    const long = await measureEach(LONG_PER_BATCH, 'long', [longLog()], 'event', measure)
    const realistic = await measure('realistic', windowedBatches(realisticLog(), WINDOW), 'event', null)
    const log = await readRealLog()
    const real = log === null ? null : await measure('real', windowedBatches(log, WINDOW), 'event', null)
    return { standard, deployed, alone, long, realistic, real }
  } finally {
    await endpoints.stop()
  }
}

/** @param naive the known units of the naive design; null to measure them. */
type Measure = (name: string, batches: readonly Batch[], per: Cost['per'], naive: Naive | null) => Promise<Cost>

export type Naive = Pick<Cost, 'naive' | 'naiveResults'>

/** Measures the naive design once, because batches do not change what it writes. */
async function measureEach(
  perBatch: readonly number[],
  name: string,
  logs: readonly (readonly SentEvent[])[],
  per: Cost['per'],
  measure: Measure,
): Promise<Record<string, Cost>> {
  const costs: Record<string, Cost> = {}
  let naive: Naive | null = null
  for (const b of perBatch) {
    const cost: Cost = await measure(`${name}-${b}`, batchesOf(logs, b), per, naive)
    costs[b] = cost
    naive = cost
  }
  return costs
}

async function costOf(
  name: string,
  batches: readonly Batch[],
  per: Cost['per'],
  measured: Naive | null,
  endpoints: Endpoints,
): Promise<Cost> {
  const metered = await meterPipeline(name, batches, BENCH_SETTINGS, endpoints)
  if (metered.failedConditions > 0) {
    throw new Error(`${metered.failedConditions} conditions failed, and the emulator does not report their units`)
  }
  const share = (units: number): number => rounded(units / (per === 'event' ? metered.accepted : metered.sessions))
  const naive = measured ?? naiveShares(await meterNaive(name, batches, BENCH_SETTINGS.rules.gapMs, endpoints), share)
  return {
    per,
    write: share(totalUnits(metered.write, ['batch', 'results'])),
    read: share(totalUnits(metered.read)),
    batch: share(metered.write.batch),
    results: share(metered.write.results),
    writeBy: writeShares(metered, share),
    readBy: shares(metered.read, share),
    naive: naive.naive,
    naiveResults: naive.naiveResults,
    limit: share(userBatches(batches) + metered.sessions),
    userBatches: share(userBatches(batches)),
    events: metered.accepted,
    sessions: metered.sessions,
  }
}

function naiveShares(units: Units, share: (units: number) => number): Naive {
  return { naive: share(totalUnits(units, ['results'])), naiveResults: share(units.results) }
}

function shares({ append, timers, close, batch, results }: Units, share: (units: number) => number): Units {
  return {
    append: share(append),
    timers: share(timers),
    close: share(close),
    batch: share(batch),
    results: share(results),
  }
}

function writeShares({ write }: Metered, share: (units: number) => number): Cost['writeBy'] {
  const { batch: _, results: _r, ...others } = shares(write, share)
  return others
}

function rounded(units: number): number {
  return Math.round(units * 1000) / 1000
}
