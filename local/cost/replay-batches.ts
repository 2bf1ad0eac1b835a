// Replays batches of records through the real steps until every session is closed, each step at its
// own time.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import type { Metrics } from '../../functions/contract.ts'
import { HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import type { RowRules } from '../../functions/domain/results/search-rows.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { finalize } from '../../functions/finalize/finalize.ts'
import { finalizeMetrics } from '../../functions/finalize/finalize-report.ts'
import { ingest, ingestMetrics } from '../../functions/ingest/ingest.ts'
import { type Recall, rememberStates, stateMemory } from '../../functions/ingest/remember-states.ts'
import type { ArrivedRecord, DeadLetters, SessionStore, ShardProgress, TimerStore } from '../../functions/ports.ts'
import type { DirtyHours, ResultStore } from '../../functions/result-ports.ts'
import { sweep, sweepMetrics } from '../../functions/sweep/sweep.ts'
import { forSignals } from '../../terminal/interrupt.ts'
import { type StoreWatch, watchedStores } from './watched-stores.ts'

/** The sweep counts open users for so long after the start of an hour: never here. */
const COUNT_SPAN_MS = 0

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
  readonly rowRules: RowRules
  readonly sweepEveryMs: number
  readonly resultRetentionMs: number
  /** How much ingest remembers of states; absent for what it remembers on AWS. */
  readonly memoryBytesMax?: number
}

export type Step = 'append' | 'close' | 'results'

/** All of them are optional. */
export interface ReplayWatch extends StoreWatch {
  /** Receives the step that begins. */
  readonly onStep?: (step: Step) => void
  readonly onIngested?: (batches: number) => void
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
 * sweeps before the next timer, and the count of open users in each hour.
 *
 * @param batches in the order of their times.
 */
export async function replayBatches(
  batches: readonly Batch[],
  stores: ReplayedStores,
  { rules, rowRules, sweepEveryMs, resultRetentionMs, memoryBytesMax }: ReplaySettings,
  watch: ReplayWatch = {},
): Promise<Replayed> {
  let nowMs = 0
  const { sessions, timers, changes, nextTimerMs } = watchedStores(stores, watch, () => nowMs)
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
    await forSignals()
    watch.onStep?.('close')
    const ports = { sessions, timers, horizon: { readUpTo: async () => nowMs }, hasTime: () => true }
    const report = await sweep({ drain: false }, ports, { rules, sweepEveryMs: COUNT_SPAN_MS }, nowMs)
    if (report.failed !== null) throw report.failed.cause
    note(sweepMetrics(report, false))
  }
  let accepted = 0
  let rejected = 0
  let sweepMs = sweepTime(batches[0]?.nowMs ?? 0, sweepEveryMs)
  /** Before the next timer, no sweep has work. */
  const skipIdle = (untilMs: number): void => {
    const idleMs = Math.min(untilMs, nextTimerMs()) - sweepMs
    if (idleMs > 0) sweepMs = sweepTime(sweepMs + Math.ceil(idleMs / sweepEveryMs) * sweepEveryMs, sweepEveryMs)
  }
  for (const [index, { records, nowMs: batchMs }] of batches.entries()) {
    await forSignals()
    skipIdle(batchMs)
    for (; sweepMs <= batchMs; sweepMs = sweepTime(sweepMs + sweepEveryMs, sweepEveryMs)) await sweepAt(sweepMs)
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
    sweepMs = sweepTime(sweepMs + sweepEveryMs, sweepEveryMs)
  }
  watch.onStep?.('results')
  const { results, dirtyHours } = stores
  const closedVersion: SessionStore['closedVersion'] = async (...session) => {
    await forSignals()
    return sessions.closedVersion(...session)
  }
  const finalizePorts = { sessions: { closedVersion }, results, dirtyHours, digest: sha256, hasTime: () => true }
  const published = await finalize(changes, finalizePorts, { ...rowRules, resultRetentionMs }, sweepMs)
  if (published.failed !== null) throw published.failed.cause
  note(finalizeMetrics(published))
  return { accepted, rejected, sessions: published.sessions, rows: published.rowsWritten, metrics }
}

/**
 * Skips the first sweep of an hour where sweeps come each minute: the committed units of the bench
 * are counted so. Rarer sweeps would close much later, so all of them run.
 */
function sweepTime(atMs: number, everyMs: number): number {
  return everyMs <= MINUTE_MS && atMs % HOUR_MS < everyMs ? atMs + everyMs : atMs
}
