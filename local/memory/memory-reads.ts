// Reads what a run stored in memory, for its summary.

import { inKeyOrder } from '../run/log-run.ts'
import type { RunReads } from '../run/reconcile.ts'
import { rejectedEvents } from '../run/rejected-events.ts'
import { sessionCount } from '../run/stored-sessions.ts'
import type { CapacitySummary } from '../run/summary.ts'
import type { MemoryStores } from './memory-ports.ts'

export function memoryReads(
  { sessions, results, deadLetters }: MemoryStores,
  capacity: () => CapacitySummary,
): RunReads {
  return {
    results: async () => inKeyOrder([...results.rows.values()]),
    rejected: async () => rejectedEvents(deadLetters.stored),
    sessions: async (asked) => {
      const count = sessionCount(asked)
      for (const { user, closed } of sessions.closed.values()) {
        count.addUser(user)
        if (closed !== null) count.addClosed(user, closed.session)
      }
      for (const [user, state] of sessions.states) {
        count.addUser(user)
        count.addState(user, state)
      }
      return count.stored()
    },
    capacity,
  }
}
