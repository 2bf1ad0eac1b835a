// Runs the real steps and adapters on an emulator until every session is closed, and counts the
// capacity units that they take.

import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../functions/aws/results-table/result-store.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { dynamoShardProgress } from '../../functions/aws/stream/shard-progress.ts'
import { PROGRESS_KEY, TIMER_PAGES } from '../../functions/contract.ts'
import { type Batch, type Replayed, type ReplaySettings, replayBatches } from '../../local/cost/replay-batches.ts'
import type { Endpoints } from '../../local/emulators/endpoints.ts'
import type { Call } from '../../local/proxy/proxy.ts'
import { benchClient, makeTables, resultsSpec, sessionsSpec } from '../bench-tables.ts'
import { type Purpose, startUnitMeter, type Units } from './unit-meter.ts'

export interface Metered extends Replayed {
  readonly write: Units
  readonly read: Units
  /** How many conditional writes failed. */
  readonly failedConditions: number
}

/** Replays the batches as `replayBatches` does. */
export async function meterPipeline(
  name: string,
  batches: readonly Batch[],
  settings: ReplaySettings,
  endpoints: Endpoints,
): Promise<Metered> {
  const tables = { sessions: `${name}-sessions`, results: `${name}-results` }
  const specs = [sessionsSpec(tables.sessions), resultsSpec(tables.results)]
  await makeTables(specs, endpoints)
  const meter = await startUnitMeter(endpoints.dynamodb, specs, (call) => purposeOf(call, tables.results))
  const client = benchClient(meter.endpoint)
  try {
    const sessions = dynamoSessionStore(client, tables.sessions)
    const stores = {
      sessions,
      recall: sessions.loadUsersEventually,
      progress: dynamoShardProgress(client, tables.sessions),
      timers: dynamoTimerStore(client, tables.sessions),
      results: dynamoResultStore(client, tables.results),
      dirtyHours: dynamoDirtyHours(client, tables.results),
    }
    const replayed = await replayBatches(batches, stores, settings, { onStep: meter.during })
    return { ...replayed, ...meter.units(), failedConditions: meter.failedConditions() }
  } finally {
    client.destroy()
    await meter.stop()
  }
}

type Attributes = Readonly<Record<string, { readonly S?: string }>>

function purposeOf(call: Call, resultsTable: string): Purpose | null {
  const { TableName: table, ...request } = call.json() as {
    readonly TableName?: string
    readonly Item?: Attributes
    readonly Key?: Attributes
    readonly ExpressionAttributeValues?: Attributes
  }
  if (table === resultsTable) return 'results'
  const { pk, sk } = { ...request.Item, ...request.Key }
  const isOfTimers = pk?.S?.startsWith(TIMER_PAGES) || request.ExpressionAttributeValues?.[':timers'] !== undefined
  if (isOfTimers) return 'timers'
  return sk?.S === PROGRESS_KEY ? 'batch' : null
}
