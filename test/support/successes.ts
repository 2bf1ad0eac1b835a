// Arranges the satisfaction of sessions (M1-M3) for a comparison of rows with the oracle.

import type { ResultRow } from '../../functions/domain/results/result.ts'
import type { OracleSuccess } from '../../sim/oracle-success.ts'
import { successIn } from '../../sim/row-invariants.ts'

export function successesIn(rows: readonly ResultRow[]): OracleSuccess[] {
  const bySession = new Map<string, ResultRow[]>()
  for (const row of rows) bySession.set(row.session_id, [...(bySession.get(row.session_id) ?? []), row])
  return inOrder([...bySession.values()].map(successIn))
}

/** Sorts the sessions with a search, and the searches of each, by event id. */
export function inOrder(successes: readonly OracleSuccess[]): OracleSuccess[] {
  const byId = (a: { eventId: string }, b: { eventId: string }): number => (a.eventId < b.eventId ? -1 : 1)
  return successes
    .filter(({ session }) => session !== null)
    .map(({ searches, session }) => ({ searches: [...searches].sort(byId), session }))
    .sort((a, b) => ((a.searches[0]?.eventId ?? '') < (b.searches[0]?.eventId ?? '') ? -1 : 1))
}
