// Compares the events of a run with what it stored, so that no event is lost or counted twice.

import type { ResultRow } from '../../functions/domain/results/result.ts'
import type { FunctionLog } from '../lambda/function-log.ts'
import { countRejected, type RejectedEvent } from './rejected-events.ts'
import type { StoredSessions } from './stored-sessions.ts'
import { type CapacitySummary, type Summary, summarize } from './summary.ts'

/** Reads what a run stored, and what it took. */
export interface RunReads {
  /** See `LogRun.results`. */
  results(): Promise<ResultRow[]>
  rejected(): Promise<readonly RejectedEvent[]>
  /** @param asked see `sessionCount`. */
  sessions(asked: ReadonlySet<string>): Promise<StoredSessions>
  capacity(): CapacitySummary
}

/** Returns the run's summary. Throws if the run stored fewer or more events than were replayed. */
export async function reconcile(
  eventsIn: number,
  reads: RunReads,
  log: Pick<FunctionLog, 'duplicates' | 'tail'>,
): Promise<Summary> {
  const capacity = reads.capacity()
  const rows = await reads.results()
  const rejected = await reads.rejected()
  const late = new Set(rejected.flatMap(({ lateKey }) => lateKey ?? []))
  const stored = await reads.sessions(late)
  const { reasons, copies } = countRejected(rejected, stored.held)
  const summary = summarize(eventsIn, rows, stored, reasons, capacity)
  // The pipeline stores nothing of a forgotten user, so the user's events cannot be counted.
  if (stored.forgottenUsers === 0) checkReconciled(summary, copies, log)
  return summary
}

/** @param copies dead letters of events that a session holds, which count as duplicates. */
export function checkReconciled(
  { duplicates }: Pick<Summary, 'duplicates'>,
  copies: number,
  log: Pick<FunctionLog, 'duplicates' | 'tail'>,
): void {
  if (duplicates < 0)
    throw new Error(`${-duplicates} more events are in the tables and dead letters than were replayed`)
  // A redelivery may count a duplicate again, so ingest reports at least as many as the tables.
  const missing = duplicates - log.duplicates() - copies
  if (missing > 0) throw new Error(`${missing} events are in no table and no dead letter:\n${log.tail()}`)
}
