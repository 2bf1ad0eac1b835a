// Bounds how many sessions one record can make for a user, whatever else the user sent (E3).

import { replaces } from '../events/copies.ts'
import { type Arrival, compareEvents, type Event, eventKey } from '../events/event.ts'
import type { Rules } from './rules.ts'
import { toSessions } from './session.ts'

/**
 * Most sessions that a user's events of one record form on their own. Each may need writes and a
 * result row of its own hour, so they bound what one record can cost.
 */
export const RECORD_SESSIONS_MAX = 500

/**
 * Returns a user's arrivals of one record that lie in sessions beyond the most, in order of time.
 * This depends on the record alone, so that it is the same whenever the record is applied (S1).
 */
export function beyondRecordSessions<A extends Arrival>(arrivals: readonly A[], rules: Rules): ReadonlySet<A> {
  if (arrivals.length <= RECORD_SESSIONS_MAX) return new Set()
  const byKey = new Map<string, Event>()
  for (const { event } of arrivals) {
    const known = byKey.get(eventKey(event))
    if (known === undefined || replaces(event, known)) byKey.set(eventKey(event), event)
  }
  const sessions = toSessions([...byKey.values()].sort(compareEvents), [], rules)
  const beyond = new Set(sessions.slice(RECORD_SESSIONS_MAX).flatMap(({ events }) => events.map(eventKey)))
  return new Set(arrivals.filter(({ event }) => beyond.has(eventKey(event))))
}
