// Splits a user's affected sessions into sessions anew, together with the events that arrived.

import { type Arrival, compareEvents, type Event, eventKey } from '../events/event.ts'
import type { Rules } from './rules.ts'
import { firstEvent, type Session, sessionId, toSessions } from './session.ts'

/**
 * The user's open sessions after the admitted arrivals joined them, ordered by first event.
 *
 * The open sessions that are not affected stay as they are. A closed session may lie between two
 * open ones. Splitting all open sessions together could then join them across it. A reopened
 * session that comes out unchanged stays closed.
 *
 * @param affected the open sessions that the arrivals may change.
 * @param removed events of these sessions that leave, because another copy counts (E2).
 */
export function resessionize(
  open: readonly Session[],
  reopened: readonly Session[],
  affected: ReadonlySet<Session>,
  admitted: readonly Arrival[],
  rules: Rules,
  removed: ReadonlySet<Event>,
): Session[] {
  const known = [...affected, ...reopened]
  const held = known.flatMap((session) => session.events)
  const left = removed.size === 0 ? held : held.filter((event) => !removed.has(event))
  const events = [...left, ...admitted.map((arrival) => arrival.event)]
  const changed = toSessions(eachOnce(events.sort(compareEvents)), known, rules)
  const before = new Map(reopened.map((session) => [sessionId(session), session]))
  const stillOpen = changed.filter((session) => !isSame(before.get(sessionId(session)), session))
  const unaffected = open.filter((session) => !affected.has(session))
  return [...unaffected, ...stillOpen].sort((a, b) => compareEvents(firstEvent(a), firstEvent(b)))
}

/** Drops later copies of an event (E2), which two closed sessions may hold before they merge. */
function eachOnce(sorted: readonly Event[]): Event[] {
  const seen = new Set<string>()
  return sorted.filter((event) => {
    const key = eventKey(event)
    return !seen.has(key) && seen.add(key)
  })
}

function isSame(before: Session | undefined, after: Session): boolean {
  return (
    before !== undefined &&
    before.events.length === after.events.length &&
    before.events.every((event, n) => event === after.events[n]) &&
    before.ids.join() === after.ids.join() &&
    before.continues === after.continues &&
    before.limitedBy?.atMs === after.limitedBy?.atMs
  )
}
