// Runs the real steps and adapters on an emulator until every session is closed, and counts the
// capacity units that they take.

import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../functions/aws/results-table/result-store.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import { dynamoShardProgress } from '../../functions/aws/stream/shard-progress.ts'
import { PROGRESS_KEY, TIMER_PAGES } from '../../functions/contract.ts'
import { HOUR_MS } from '../../functions/domain/durations.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { sessionId } from '../../functions/domain/sessions/session.ts'
import { finalize } from '../../functions/finalize/finalize.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import { rememberStates, stateMemory } from '../../functions/ingest/remember-states.ts'
import type { ClosedChange, SessionStore, Timer, TimerStore } from '../../functions/ports.ts'
import { sweep } from '../../functions/sweep/sweep.ts'
import type { Endpoints } from '../../local/emulators/endpoints.ts'
import type { Call } from '../../local/proxy/proxy.ts'
import type { Batch } from '../batches.ts'
import { benchClient, makeTables, resultsSpec, sessionsSpec } from '../bench-tables.ts'
import { type Purpose, startUnitMeter, type Units } from './unit-meter.ts'

export interface BenchSettings {
  readonly rules: Rules
  readonly sweepEveryMs: number
  readonly resultRetentionMs: number
}

export interface Metered {
  readonly write: Units
  readonly read: Units
  readonly accepted: number
  readonly sessions: number
  readonly rows: number
  /** How many conditional writes failed. */
  readonly failedConditions: number
}

/** Sweeps after the last batch. No setting keeps a session open for more than a day of them. */
const LAST_SWEEPS_MAX = 24 * 60

/**
 * Ingests the batches and sweeps between them, each at its own time. Then it finalizes all
 * sessions. It leaves out sweeps before the next timer, because the bench measures those apart.
 */
export async function meterPipeline(
  name: string,
  batches: readonly Batch[],
  settings: BenchSettings,
  endpoints: Endpoints,
): Promise<Metered> {
  const tables = { sessions: `${name}-sessions`, results: `${name}-results` }
  const specs = [sessionsSpec(tables.sessions), resultsSpec(tables.results)]
  await makeTables(specs, endpoints)
  const meter = await startUnitMeter(endpoints.dynamodb, specs, (call) => purposeOf(call, tables.results))
  const client = benchClient(meter.endpoint)
  try {
    const store = dynamoSessionStore(client, tables.sessions)
    const { sessions, timers, changes, nextTimerMs } = watched(store, dynamoTimerStore(client, tables.sessions))
    const progress = dynamoShardProgress(client, tables.sessions)
    const { rules, sweepEveryMs, resultRetentionMs } = settings
    let ingestMs = 0
    const stored = { sessions, progress, recall: store.loadUsersEventually }
    const ingestPorts = {
      ...rememberStates(stored, stateMemory(), rules, () => ingestMs),
      timers,
      deadLetters: { put: async () => {} },
      digest: sha256,
      pseudonym: (user: string) => user,
      unpack: unpackRecord,
      hasTime: () => true,
    }
    const sweepAt = async (nowMs: number): Promise<void> => {
      if (nextTimerMs() > nowMs) return
      meter.during('close')
      const ports = { sessions, timers, horizon: { readUpTo: async () => nowMs }, hasTime: () => true }

      const report = await sweep({ drain: false }, ports, { rules, sweepEveryMs }, nowMs)
      if (report.failed !== null) throw report.failed.cause
    }
    let accepted = 0
    let sweepMs = offHour(batches[0]?.nowMs ?? 0, sweepEveryMs)
    for (const { records, nowMs } of batches) {
      for (; sweepMs <= nowMs; sweepMs = offHour(sweepMs + sweepEveryMs, sweepEveryMs)) await sweepAt(sweepMs)
      meter.during('append')
      ingestMs = nowMs
      const report = await ingest(records, ingestPorts, rules, nowMs)
      if (report.failed !== null) throw report.failed.cause
      accepted += report.accepted
    }
    for (let n = 0; n < LAST_SWEEPS_MAX && nextTimerMs() < Number.POSITIVE_INFINITY; n++) {
      await sweepAt(sweepMs)
      sweepMs = offHour(sweepMs + sweepEveryMs, sweepEveryMs)
    }
    meter.during('results')
    const results = dynamoResultStore(client, tables.results)
    const dirtyHours = dynamoDirtyHours(client, tables.results)
    const finalizePorts = { sessions, results, dirtyHours, digest: sha256, hasTime: () => true }
    const published = await finalize(changes, finalizePorts, { resultRetentionMs }, sweepMs)
    if (published.failed !== null) throw published.failed.cause
    const { sessions: sessionCount, rowsWritten } = published
    return {
      ...meter.units(),
      accepted,
      sessions: sessionCount,
      rows: rowsWritten,
      failedConditions: meter.failedConditions(),
    }
  } finally {
    client.destroy()
    await meter.stop()
  }
}

/** Avoids the first sweep of an hour, in which the sweeper also counts open users. */
function offHour(atMs: number, everyMs: number): number {
  return atMs % HOUR_MS < everyMs ? atMs + everyMs : atMs
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

/**
 * Wraps the stores so that they collect the changes that the table's stream would report, and the
 * time of the earliest timer that has not fired.
 */
function watched(store: SessionStore, stored: TimerStore) {
  const changes: ClosedChange[] = []
  const latest = new Map<string, ClosedSession>()
  const change = (user: string, id: string, version: number, after: ClosedSession | null): void => {
    const key = JSON.stringify([user, id])
    changes.push({ sequenceNumber: `${changes.length}`, user, id, version, after, before: latest.get(key) ?? null })
    if (after === null) latest.delete(key)
    else latest.set(key, after)
  }
  const sessions: SessionStore = {
    ...store,
    putClosed: async (closed, expiresAtMs) => {
      await store.putClosed(closed, expiresAtMs)
      change(closed.user, sessionId(closed.session), closed.version, closed)
    },
    putTombstone: async (user, id, version, expiresAtMs) => {
      await store.putTombstone(user, id, version, expiresAtMs)
      change(user, id, version, null)
    },
  }
  let pending: Timer[] = []
  const timers: TimerStore = {
    ...stored,
    put: async (scheduled) => {
      await stored.put(scheduled)
      pending.push(...scheduled)
    },
    lists: (span) => {
      pending = pending.filter(({ atMs }) => atMs > span.toMs)
      return stored.lists(span)
    },
  }
  const nextTimerMs = (): number => pending.reduce((next, { atMs }) => Math.min(next, atMs), Number.POSITIVE_INFINITY)
  return { sessions, timers, changes, nextTimerMs }
}
