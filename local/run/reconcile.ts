// The account of a run: what went in, the tables, the bucket and the functions' log in; a summary that accounts for every event out.

import type { Clients } from '../emulators/clients.ts'
import type { FunctionLog } from '../lambda/function-log.ts'
import type { Capacity } from '../proxy/dynamodb-proxy.ts'
import {
  readRejected,
  readResults,
  readSessions,
  type Summary,
  type SummaryTables,
  summarize,
  summarizeCapacity,
} from './summary.ts'

/** Throws where events are missing, and where there are more than went in. */
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
  // Nobody can account for what was forgotten.
  if (stored.forgottenUsers === 0) checkReconciled(summary, log)
  return summary
}

export function checkReconciled({ duplicates }: Pick<Summary, 'duplicates'>, log: FunctionLog): void {
  if (duplicates < 0) throw new Error(`${-duplicates} more events are in the tables and dead letters than were played`)
  // A repeated delivery may count a duplicate again, so there are at least as many as the tables say.
  const missing = duplicates - log.duplicates()
  if (missing > 0) throw new Error(`${missing} events are in no table and no dead letter:\n${log.tail()}`)
}
