// Replays batches of records through the real steps until every session is closed, each step at its
// own time.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import type { Metrics } from '../../functions/contract.ts'
import { HOUR_MS } from '../../functions/domain/durations.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import type { SuccessRules } from '../../functions/domain/results/satisfaction.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { sessionId } from '../../functions/domain/sessions/session.ts'
import { finalize } from '../../functions/finalize/finalize.ts'
import { finalizeMetrics } from '../../functions/finalize/finalize-report.ts'
import { ingest, ingestMetrics } from '../../functions/ingest/ingest.ts'
import { type Recall, rememberStates, stateMemory } from '../../functions/ingest/remember-states.ts'
import type {
  ArrivedRecord,
  ClosedChange,
  DeadLetters,
  SessionStore,
  ShardProgress,
  Timer,
  TimerStore,
} from '../../functions/ports.ts'
import type { DirtyHours, ResultStore } from '../../functions/result-ports.ts'
import { sweep, sweepMetrics } from '../../functions/sweep/sweep.ts'

/** The records that one invocation of ingest reads. */
export interface Batch {
  readonly records: readonly ArrivedRecord[]
  /** When Lambda invokes the function with the batch. */
  readonly nowMs: number
}

export interface ReplayedStores {
  readonly sessions: SessionStore
  readonly recall: Recall
  readonly progress: ShardProgress
  readonly timers: TimerStore
  readonly results: ResultStore
  readonly dirtyHours: Pick<DirtyHours, 'mark'>
}

export interface ReplaySettings {
  readonly rules: Rules
  readonly success: SuccessRules
  readonly sweepEveryMs: number
  readonly resultRetentionMs: number
  /** How much ingest remembers of states; absent for what it remembers on AWS. */
  readonly memoryBytesMax?: number
}

export type Step = 'append' | 'close' | 'results'

/** All of them are optional. */
export interface ReplayWatch {
  /** Receives the step that begins. */
  readonly onStep?: (step: Step) => void
  readonly onIngested?: (batches: number) => void
  readonly onTimers?: (timers: readonly Timer[], nowMs: number) => void
  readonly onClosed?: (closed: ClosedSession, nowMs: number) => void
  readonly deadLetters?: DeadLetters
}

export interface Replayed {
  readonly accepted: number
  readonly rejected: number
  readonly sessions: number
  readonly rows: number
  /** The names of the metrics that counted something. */
  readonly metrics: ReadonlySet<string>
}

/**
 * Sweeps with work after the last batch. The gap, the lateness and the skew of a clock keep a
 * session open for less than a week of minutes.
 */
const LAST_SWEEPS_MAX = 7 * 24 * 60

/**
 * Ingests the batches, sweeps between them, and then finalizes all sessions at once. It leaves out
 * sweeps before the next timer, and the first sweep of an hour, which also counts open users.
 *
 * @param batches in the order of their times.
 */
export async function replayBatches(
  batches: readonly Batch[],
  stores: ReplayedStores,
  { rules, success, sweepEveryMs, resultRetentionMs, memoryBytesMax }: ReplaySettings,
  watch: ReplayWatch = {},
): Promise<Replayed> {
  let nowMs = 0
  const { sessions, timers, changes, nextTimerMs } = watched(stores, watch, () => nowMs)
  const metrics = new Set<string>()
  const note = (counted: Metrics): void => {
    for (const [name, count] of Object.entries(counted)) if (count > 0) metrics.add(name)
  }
  const stored = { sessions, progress: stores.progress, recall: stores.recall }
  const ingestPorts = {
    ...rememberStates(stored, stateMemory(memoryBytesMax), rules, () => nowMs),
    timers,
    deadLetters: watch.deadLetters ?? { put: async () => {} },
    digest: sha256,
    pseudonym: (user: string) => user,
    unpack: unpackRecord,
    hasTime: () => true,
  }
  const sweepAt = async (atMs: number): Promise<void> => {
    if (nextTimerMs() > atMs) return
    nowMs = atMs
    watch.onStep?.('close')
    const ports = { sessions, timers, horizon: { readUpTo: async () => nowMs }, hasTime: () => true }
    const report = await sweep({ drain: false }, ports, { rules, sweepEveryMs }, nowMs)
    if (report.failed !== null) throw report.failed.cause
    note(sweepMetrics(report, false))
  }
  let accepted = 0
  let rejected = 0
  let sweepMs = offHour(batches[0]?.nowMs ?? 0, sweepEveryMs)
  /** Before the next timer, no sweep has work. */
  const skipIdle = (untilMs: number): void => {
    const idleMs = Math.min(untilMs, nextTimerMs()) - sweepMs
    if (idleMs > 0) sweepMs = offHour(sweepMs + Math.ceil(idleMs / sweepEveryMs) * sweepEveryMs, sweepEveryMs)
  }
  for (const [index, { records, nowMs: batchMs }] of batches.entries()) {
    skipIdle(batchMs)
    for (; sweepMs <= batchMs; sweepMs = offHour(sweepMs + sweepEveryMs, sweepEveryMs)) await sweepAt(sweepMs)
    watch.onStep?.('append')
    nowMs = batchMs
    const report = await ingest(records, ingestPorts, rules, nowMs)
    if (report.failed !== null) throw report.failed.cause
    accepted += report.accepted
    rejected += Object.values(report.rejected).reduce((sum, count) => sum + count, 0)
    note(ingestMetrics(report))
    watch.onIngested?.(index + 1)
  }
  for (let n = 0; nextTimerMs() < Number.POSITIVE_INFINITY; n++) {
    if (n === LAST_SWEEPS_MAX) throw new Error(`timers remain after ${LAST_SWEEPS_MAX} sweeps`)
    skipIdle(Number.POSITIVE_INFINITY)
    await sweepAt(sweepMs)
    sweepMs = offHour(sweepMs + sweepEveryMs, sweepEveryMs)
  }
  watch.onStep?.('results')
  const { results, dirtyHours } = stores
  const finalizePorts = { sessions, results, dirtyHours, digest: sha256, hasTime: () => true }
  const published = await finalize(changes, finalizePorts, { ...success, resultRetentionMs }, sweepMs)
  if (published.failed !== null) throw published.failed.cause
  note(finalizeMetrics(published))
  return { accepted, rejected, sessions: published.sessions, rows: published.rowsWritten, metrics }
}

/** Avoids the first sweep of an hour. */
function offHour(atMs: number, everyMs: number): number {
  return atMs % HOUR_MS < everyMs ? atMs + everyMs : atMs
}

/**
 * Wraps the stores so that they collect the changes that the table's stream would report, and the
 * time of the earliest timer that has not fired.
 */
function watched({ sessions: store, timers: stored }: ReplayedStores, watch: ReplayWatch, now: () => number) {
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
      watch.onClosed?.(closed, now())
    },
    putTombstone: async (user, id, version, expiresAtMs) => {
      await store.putTombstone(user, id, version, expiresAtMs)
      change(user, id, version, null)
    },
  }
  let pending: Timer[] = []
  let next = Number.POSITIVE_INFINITY
  const earliest = (some: readonly Timer[]): number =>
    some.reduce((found, { atMs }) => Math.min(found, atMs), Number.POSITIVE_INFINITY)
  const timers: TimerStore = {
    ...stored,
    put: async (scheduled) => {
      await stored.put(scheduled)
      watch.onTimers?.(scheduled, now())
      pending.push(...scheduled)
      next = Math.min(next, earliest(scheduled))
    },
    lists: (span) => {
      pending = pending.filter(({ atMs }) => atMs > span.toMs)
      next = earliest(pending)
      return stored.lists(span)
    },
  }
  return { sessions, timers, changes, nextTimerMs: () => next }
}
