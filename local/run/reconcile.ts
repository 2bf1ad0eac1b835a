// Compares the events of a run with what it stored, so that no event is lost or counted twice.

import type { Clients } from '../emulators/clients.ts'
import type { FunctionLog } from '../lambda/function-log.ts'
import type { Capacity } from '../proxy/dynamodb-proxy.ts'
import { readRejected, readResults, readSessions } from './read-back.ts'
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
  const stored = await readSessions(clients, tables.sessions)
  const rejected = await readRejected(clients, tables.deadLetters)
  const summary = summarize(eventsIn, rows, stored, rejected, summarizeCapacity(capacity, tables))
  // The pipeline stores nothing of a forgotten user, so the user's events cannot be counted.
  if (stored.forgottenUsers === 0) checkReconciled(summary, log)
  return summary
}

export function checkReconciled({ duplicates }: Pick<Summary, 'duplicates'>, log: FunctionLog): void {
  if (duplicates < 0)
    throw new Error(`${-duplicates} more events are in the tables and dead letters than were replayed`)
  // A redelivery may count a duplicate again, so ingest reports at least as many as the tables.
  const missing = duplicates - log.duplicates()
  if (missing > 0) throw new Error(`${missing} events are in no table and no dead letter:\n${log.tail()}`)
}
