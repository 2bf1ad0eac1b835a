// Compares the events of a run with what it stored, so that no event is lost or counted twice.

import type { Clients } from '../emulators/clients.ts'
import type { FunctionLog } from '../lambda/function-log.ts'
import type { Capacity } from '../proxy/dynamodb-proxy.ts'
import { readResults, readSessions } from './read-back.ts'
import { countRejected, readRejected } from './rejected-events.ts'
import { type Summary, type SummaryTables, summarize, summarizeCapacity } from './summary.ts'

/** Returns the run's summary. Throws if the run stored fewer or more events than were replayed. */
export async function reconcile(
  eventsIn: number,
  tables: SummaryTables,
  clients: Clients,
  capacity: Capacity,
  log: FunctionLog,
): Promise<Summary> {
  const rows = await readResults(clients, tables.results)
  const rejected = await readRejected(clients, tables.deadLetters)
  const late = new Set(rejected.flatMap(({ lateKey }) => lateKey ?? []))
  const stored = await readSessions(clients, tables.sessions, late)
  const { reasons, copies } = countRejected(rejected, stored.held)
  const summary = summarize(eventsIn, rows, stored, reasons, summarizeCapacity(capacity, tables))
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
