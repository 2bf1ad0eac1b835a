// Runs the domain as ingest and the sweeper do, with sessions in memory instead of stores.

import type { Arrival, Event } from '../../functions/domain/events/event.ts'
import { affectedRanges } from '../../functions/domain/sessions/affected-ranges.ts'
import { planCapacity } from '../../functions/domain/sessions/capacity.ts'
import { type Closing, evicted, toClose, withoutClosed } from '../../functions/domain/sessions/closing.ts'
import type { RejectedArrival } from '../../functions/domain/sessions/rejected-arrivals.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { firstEvent, type Session, sessionId } from '../../functions/domain/sessions/session.ts'
import { apply, NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'

/** One user's state and closed sessions, and what became of the events so far. */
export interface Driven {
  state: UserState
  readonly closed: Map<string, Session>
  readonly rejected: RejectedArrival[]
  /** Conflicting copies that left their sessions. */
  readonly displaced: Event[]
  duplicates: number
  accepted: number
}

export function newDriven(): Driven {
  return { state: NEW_USER, closed: new Map(), rejected: [], displaced: [], duplicates: 0, accepted: 0 }
}

/** Applies one batch, then closes what limits demand. */
export function arrive(driven: Driven, arrivals: readonly Arrival[], rules: Rules): void {
  const atMs = arrivals.at(-1)?.arrivalMs ?? Number.NEGATIVE_INFINITY
  const { groups, evictions } = planCapacity(driven.state, loaded(driven, arrivals, rules), arrivals, rules)
  if (groups.length > 1) {
    for (const group of groups) arrive(driven, group, rules)
    return
  }
  if (evictions.length > 0) close(driven, evicted(driven.state, evictions, atMs, rules), rules)
  const applied = apply(driven.state, loaded(driven, arrivals, rules), arrivals, rules)
  driven.state = applied.state
  driven.rejected.push(...applied.rejected)
  driven.displaced.push(...applied.displaced)
  driven.duplicates += applied.duplicates
  driven.accepted += applied.accepted
  const demanded = toClose(driven.state, atMs, rules, 'limits')
  if (demanded.length > 0) close(driven, demanded, rules)
}

/** All closed sessions, where ingest would load the neighbours. */
function loaded(driven: Driven, arrivals: readonly Arrival[], rules: Rules): Session[] {
  return affectedRanges(driven.state, arrivals, rules).length === 0 ? [] : [...driven.closed.values()]
}

export function sweepAt(driven: Driven, nowMs: number, rules: Rules): void {
  const due = toClose(driven.state, nowMs, rules, 'due')
  if (due.length > 0) close(driven, due, rules)
}

/** Closes all that is open and returns all closed sessions, by their first event. */
export function drain(driven: Driven, nowMs: number, rules: Rules): Session[] {
  close(driven, toClose(driven.state, nowMs, rules, 'all'), rules)
  return [...driven.closed.values()].sort((a, b) => firstEvent(a).timeMs - firstEvent(b).timeMs || compareIds(a, b))
}

function compareIds(a: Session, b: Session): number {
  return sessionId(a) < sessionId(b) ? -1 : 1
}

export function close(driven: Driven, closings: readonly Closing[], rules: Rules): void {
  for (const { session } of closings) {
    driven.closed.set(sessionId(session), { ...session, ids: [sessionId(session)] })
    for (const merged of session.ids.slice(1)) driven.closed.delete(merged)
  }
  driven.state = withoutClosed(driven.state, closings, rules)
}
