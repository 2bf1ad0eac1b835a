// Finds the closed sessions that arrivals open again (C6).

import type { Arrival } from '../events/event.ts'
import { bytesAtMost } from './event-index.ts'
import type { Rules } from './rules.ts'
import {
  firstEvent,
  isWithinGap,
  lastEvent,
  lastJoiningTime,
  type Session,
  sessionBytes,
  sessionId,
} from './session.ts'

/** Most bytes (`eventBytes`) of a user's open sessions together: they share one table item. */
export const STATE_BYTES_MAX = 288 * 1024

/** The last event time with which an event can join the session or repeat one of its events. */
export function lastAffectingTime(session: Session, rules: Rules): number {
  return session.limitedBy?.atMs ?? lastJoiningTime(lastEvent(session), rules)
}

/** Whether the event may change the session: it lies in the session, or within a gap of it. */
export function overlaps({ event }: Arrival, session: Session, rules: Rules): boolean {
  return (
    isWithinGap(event.timeMs, firstEvent(session).timeMs, rules) && event.timeMs <= lastAffectingTime(session, rules)
  )
}

export interface Reopening {
  /** The closed sessions that the arrivals overlap, and the continuations of those. */
  readonly reopened: readonly Session[]
  /** The open sessions that the arrivals may change. The others stay as they are. */
  readonly affected: ReadonlySet<Session>
  /**
   * Whether all of these can be open at once. They cannot if they take more bytes than one item
   * may, as a robot's long chain of full sessions does, or if a continuation is no longer stored.
   */
  readonly fits: boolean
  /** The open sessions to close first, where one item cannot hold them beside all others. */
  readonly evictions: readonly Session[]
}

/**
 * Decides which sessions the arrivals may change, and so which closed ones to open again.
 *
 * Take a gap of 30 minutes and closed sessions from 10:00 to 10:20 and from 11:00 to 11:10. An
 * event at 10:45 reopens both. They become one session with the id of the first, and the second id
 * gets a tombstone when that session closes.
 *
 * @param closed the closed sessions that the arrivals can change, with their continuations, but
 *   none that is open again.
 */
export function reopen(
  open: readonly Session[],
  closed: readonly Session[],
  arrivals: readonly Arrival[],
  rules: Rules,
): Reopening {
  const isAffected = (session: Session): boolean => arrivals.some((arrival) => overlaps(arrival, session, rules))
  const reopened = closed.filter(isAffected)
  const affected = new Set(open.filter(isAffected))
  const areAllStored = followContinuations(reopened, affected, closed, open)
  const canShareItem = (others: Iterable<Session>): boolean =>
    reopened.length === 0 || totalBytes([...reopened, ...others]) <= STATE_BYTES_MAX
  return {
    reopened,
    affected,
    fits: areAllStored && canShareItem(affected),
    evictions: canShareItem(open) ? [] : open.filter((session) => !affected.has(session)),
  }
}

/**
 * Adds the continuations of limited sessions to `reopened` and `affected`, because an event that
 * joins a full session moves its last event into the next one. False where a continuation is not
 * stored any more.
 */
function followContinuations(
  reopened: Session[],
  affected: Set<Session>,
  closed: readonly Session[],
  open: readonly Session[],
): boolean {
  const isAnyLimited =
    reopened.some(({ limitedBy }) => limitedBy !== null) || [...affected].some(({ limitedBy }) => limitedBy !== null)
  if (!isAnyLimited) return true
  const openNext = new Map(open.map((session) => [session.continues, session]))
  const closedNext = new Map(closed.map((session) => [session.continues, session]))
  const seen = new Set([...reopened, ...affected])
  let areAllStored = true
  // The loop also visits the sessions that it adds.
  for (const session of seen) {
    if (session.limitedBy === null) continue
    const inOpen = openNext.get(sessionId(session))
    const inClosed = closedNext.get(sessionId(session))
    const next = inOpen ?? inClosed
    if (next === undefined) areAllStored = false
    else if (!seen.has(next)) {
      seen.add(next)
      if (inOpen !== undefined) affected.add(inOpen)
      else reopened.push(next)
    }
  }
  return areAllStored
}

/**
 * Drops closed versions of sessions that are open. A reopened session stays stored as closed until
 * it closes again, but its open version is newer.
 */
export function withoutReopened(closed: readonly Session[], open: readonly Session[]): Session[] {
  if (closed.length === 0) return []
  const openIds = new Set(open.flatMap((session) => session.ids))
  return closed.filter((session) => !openIds.has(sessionId(session)))
}

/** Never less than `totalBytes`, and faster. */
export function totalBytesAtMost(sessions: readonly Session[]): number {
  return sessions.reduce((sum, session) => sum + bytesAtMost(session.events), 0)
}

export function totalBytes(sessions: readonly Session[]): number {
  return sessions.reduce((sum, session) => sum + sessionBytes(session), 0)
}
