// Cutting anew: a user's open sessions, those opened again and new arrivals in, the open sessions that they make out.

import { type Arrival, compareEvents, type Event } from '../events/event.ts'
import type { Rules } from './rules.ts'
import { firstEvent, type Session, toSessions } from './session.ts'

/** Cuts what may change anew; what may not is left out, since there may be closed sessions between it and the rest. */
export function resessionize(
  open: readonly Session[],
  reopened: readonly Session[],
  affected: ReadonlySet<Session>,
  admitted: readonly Arrival[],
  rules: Rules,
): Session[] {
  const known = [...affected, ...reopened]
  const pool = [...known.flatMap((session) => session.events), ...admitted.map((arrival) => arrival.event)]
  const changed = toSessions(eachOnce(pool.sort(compareEvents)), known, rules)
  const stillOpen = changed.filter((session) => !reopened.some((before) => isSame(before, session)))
  const untouched = open.filter((session) => !affected.has(session))
  return [...untouched, ...stillOpen].sort((a, b) => compareEvents(firstEvent(a), firstEvent(b)))
}

/** The first of each event id: two closed sessions may hold the same one until an event between joins them. */
function eachOnce(sorted: readonly Event[]): Event[] {
  const seen = new Set<string>()
  return sorted.filter(({ eventId }) => !seen.has(eventId) && seen.add(eventId))
}

function isSame(before: Session, after: Session): boolean {
  return (
    before.events.length === after.events.length &&
    before.events.every((event, n) => event.eventId === after.events[n]?.eventId) &&
    before.ids.join() === after.ids.join() &&
    before.continues === after.continues &&
    before.limitedBy?.atMs === after.limitedBy?.atMs
  )
}
