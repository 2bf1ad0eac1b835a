// Remembers in a user's state which event ids the closed sessions hold, so that ingest finds a
// reused id wherever its first copy lies (E2).

import { type Event, eventKey, isDigestId } from '../events/event.ts'
import type { Rules } from './rules.ts'
import { lastEvent, type Session, sessionId } from './session.ts'
import { timeOfId } from './session-id.ts'

/** The ids of one closed session. */
export interface ClosedIds {
  /** The time in the session's id, with which ingest finds the closed session. */
  readonly foundedAtMs: number
  /** A number of 16 bits for each event whose producer gave it an id. */
  readonly hashes: readonly number[]
}

/** Most events and sessions that a state remembers. Beyond, it forgets the oldest sessions. */
export const CLOSED_IDS_MAX = 1000
export const CLOSED_ID_SESSIONS_MAX = 64
/** Most sessions that ingest reads for one arrival. Nearly always there is at most one. */
const FOUND_MAX = 2

/**
 * Hashes an event's type and id to 16 bits (FNV-1a, folded). Where two ids share a hash, as one in
 * 65,536 pairs does, ingest reads a closed session in vain.
 */
export function idHash(event: Event): number {
  const key = eventKey(event)
  let hash = 0x811c9dc5
  for (let n = 0; n < key.length; n++) hash = Math.imul(hash ^ key.charCodeAt(n), 0x01000193)
  return ((hash >>> 16) ^ hash) & 0xffff
}

/** Returns what is remembered once these sessions are closed, the oldest session first. */
export function withClosedIds(
  before: readonly ClosedIds[],
  closed: readonly Session[],
  open: readonly Session[],
  rules: Rules,
): readonly ClosedIds[] {
  if (rules.lateEvents === 'divert') return before
  const added = closed.flatMap((session): ClosedIds[] => {
    const ids = idsOf(session)
    return ids.hashes.length === 0 ? [] : [ids]
  })
  if (added.length === 0) return before
  const latestMs = Math.max(...[...closed, ...open].map((session) => lastEvent(session).timeMs))
  // A session may end this long after its founding event. An event so far behind is too late (C6).
  const sinceMs = latestMs - rules.latenessMs - rules.amendForMs - rules.maxSessionDurationMs
  const all = [...before, ...added].filter(({ foundedAtMs }) => foundedAtMs >= sinceMs)
  const retained: ClosedIds[] = []
  let count = 0
  for (const one of all.sort((a, b) => b.foundedAtMs - a.foundedAtMs)) {
    count += one.hashes.length
    if (count > CLOSED_IDS_MAX || retained.length === CLOSED_ID_SESSIONS_MAX) break
    retained.push(one)
  }
  return retained.reverse()
}

/** Leaves out events without an id of their own, which have no copies of other contents. */
function idsOf(session: Session): ClosedIds {
  const hashes = session.events.filter(({ eventId }) => !isDigestId(eventId)).map(idHash)
  return { foundedAtMs: timeOfId(sessionId(session)), hashes }
}

/** Returns what is remembered once these closed sessions are open again. */
export function withoutOpened(before: readonly ClosedIds[], opened: readonly Session[]): readonly ClosedIds[] {
  if (before.length === 0 || opened.length === 0) return before
  const ids = new Set(opened.map((session) => JSON.stringify(idsOf(session))))
  return before.filter((one) => !ids.has(JSON.stringify(one)))
}

/** The founding times of closed sessions that may hold a copy of the event, the newest first. */
export function sessionsWithId(known: readonly ClosedIds[], event: Event): number[] {
  if (known.length === 0 || isDigestId(event.eventId)) return []
  const hash = idHash(event)
  const found: number[] = []
  for (let n = known.length - 1; n >= 0 && found.length < FOUND_MAX; n--) {
    const one = known[n]
    if (one?.hashes.includes(hash)) found.push(one.foundedAtMs)
  }
  return found
}
