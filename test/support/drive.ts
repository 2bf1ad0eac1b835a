// Drives the domain as ingest and sweep do, without stores: arrivals and sweeps in, final sessions out.

import type { Arrival } from '../../functions/domain/events/event.ts'
import { type Closing, evicted, toClose, withoutClosed } from '../../functions/domain/sessions/closing.ts'
import { affectedRanges } from '../../functions/domain/sessions/neighbours.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { firstEvent, type Session, sessionId } from '../../functions/domain/sessions/session.ts'
import {
  apply,
  NEW_USER,
  planCapacity,
  type Refusal,
  type UserState,
} from '../../functions/domain/sessions/user-state.ts'

export interface Driven {
  state: UserState
  readonly closed: Map<string, Session>
  readonly refused: Refusal[]
  duplicates: number
  accepted: number
}

export function newDriven(): Driven {
  return { state: NEW_USER, closed: new Map(), refused: [], duplicates: 0, accepted: 0 }
}

export function arrive(driven: Driven, arrivals: readonly Arrival[], rules: Rules): void {
  const atMs = arrivals.at(-1)?.arrivalMs ?? Number.NEGATIVE_INFINITY
  const { batches, evictions } = planCapacity(driven.state, shown(driven, arrivals, rules), arrivals, rules)
  if (batches.length > 1) {
    for (const batch of batches) arrive(driven, batch, rules)
    return
  }
  if (evictions.length > 0) close(driven, evicted(driven.state, evictions, atMs, rules), rules)
  const applied = apply(driven.state, shown(driven, arrivals, rules), arrivals, rules)
  driven.state = applied.state
  driven.refused.push(...applied.refused)
  driven.duplicates += applied.duplicates
  driven.accepted += applied.accepted
  const demanded = toClose(driven.state, atMs, rules, 'limits')
  if (demanded.length > 0) close(driven, demanded, rules)
}

function shown(driven: Driven, arrivals: readonly Arrival[], rules: Rules): Session[] {
  return affectedRanges(driven.state, arrivals, rules).length === 0 ? [] : [...driven.closed.values()]
}

export function sweepAt(driven: Driven, nowMs: number, rules: Rules): void {
  const due = toClose(driven.state, nowMs, rules, 'due')
  if (due.length > 0) close(driven, due, rules)
}

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
    for (const absorbed of session.ids.slice(1)) driven.closed.delete(absorbed)
  }
  driven.state = withoutClosed(driven.state, closings, rules)
}
