// Runs ingest, sweep and finalize on stores in memory, for tests.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import type { RowRules } from '../../functions/domain/results/search-rows.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { finalize } from '../../functions/finalize/finalize.ts'
import type { FinalizeReport } from '../../functions/finalize/finalize-report.ts'
import { type IngestPorts, type IngestReport, ingest } from '../../functions/ingest/ingest.ts'
import type { StoredClosed } from '../../functions/memory/closed-by-user.ts'
import {
  type MemoryDirtyHours,
  type MemoryRollupStore,
  memoryDirtyHours,
  memoryRollupStore,
} from '../../functions/memory/memory-rollups.ts'
import {
  memoryDeadLetters,
  memoryResultStore,
  memorySessionStore,
  memoryTimerStore,
} from '../../functions/memory/memory-stores.ts'
import type { ArrivedRecord, ClosedChange } from '../../functions/ports.ts'
import { type SweepReport, sweep } from '../../functions/sweep/sweep.ts'
import { ROW_RULES } from './events.ts'

export interface MemoryPipeline {
  readonly sessions: ReturnType<typeof memorySessionStore>
  readonly results: ReturnType<typeof memoryResultStore>
  readonly dirtyHours: MemoryDirtyHours
  readonly rollups: MemoryRollupStore
  readonly deadLetters: ReturnType<typeof memoryDeadLetters>
  readonly timers: ReturnType<typeof memoryTimerStore>
  /** The changes of closed sessions since the last `finalizeAll`. */
  readonly changes: ClosedChange[]
  readonly progress: { sequenceNumber: string | null }
  readonly ports: IngestPorts
  ingest(records: readonly ArrivedRecord[], nowMs: number): Promise<IngestReport>
  sweep(nowMs: number, drain?: boolean): Promise<SweepReport>
  finalizeAll(nowMs?: number): Promise<FinalizeReport>
}

export const RETENTION_MS = 400 * 24 * 60 * MINUTE_MS

/**
 * @param horizon returns the horizon that a sweep reads.
 * @param isPassed returns whether ingest takes the records of a batch for redelivered ones.
 */
export function memoryPipeline(
  rules: Rules,
  horizon: (nowMs: number) => number = (nowMs) => nowMs,
  isPassed: () => boolean = () => false,
  rowRules: RowRules = ROW_RULES,
): MemoryPipeline {
  const changes: ClosedChange[] = []
  const sessions = memorySessionStore((before, after) => changes.push(toChange(before, after, changes.length)))
  const results = memoryResultStore()
  const dirtyHours = memoryDirtyHours()
  const rollups = memoryRollupStore(results.rowsInHour, sha256)
  const deadLetters = memoryDeadLetters()
  const timers = memoryTimerStore()
  const progress = { sequenceNumber: null as string | null }
  const ports: IngestPorts = {
    sessions,
    deadLetters,
    timers,
    digest: sha256,
    pseudonym: (user) => user,
    unpack: unpackRecord,
    hasTime: () => true,
    progress: {
      isPassed: async () => isPassed(),
      record: async (_, sequenceNumber) => {
        progress.sequenceNumber = sequenceNumber
      },
    },
  }
  const settings = { rules, sweepEveryMs: MINUTE_MS }
  return {
    sessions,
    results,
    dirtyHours,
    rollups,
    deadLetters,
    timers,
    changes,
    progress,
    ports,
    ingest: (records, nowMs) => ingest(records, ports, rules, nowMs),
    sweep: (nowMs, drain = false) =>
      sweep(
        { drain },
        { sessions, timers, horizon: { readUpTo: async (now) => horizon(now) }, hasTime: () => true },
        settings,
        nowMs,
      ),
    finalizeAll: async (nowMs = 0) => {
      const report = await finalize(
        changes,
        { sessions, results, dirtyHours, digest: sha256, hasTime: () => true },
        { ...rowRules, resultRetentionMs: RETENTION_MS },
        nowMs,
      )
      if (report.failed !== null) throw report.failed.cause
      changes.length = 0
      return report
    },
  }
}

function toChange(before: StoredClosed | null, after: StoredClosed, order: number): ClosedChange {
  return {
    sequenceNumber: String(order),
    user: after.user,
    id: after.id,
    version: after.version,
    after: after.closed,
    before: before?.closed ?? null,
  }
}
