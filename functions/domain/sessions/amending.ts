// Finds the closed sessions that arrivals open again (C6).

import { type Arrival, compareEvents, type Event, isCloser } from '../events/event.ts'
import type { Rules } from './rules.ts'
import { firstEvent, isWithinGap, lastEvent, lastJoiningTime, type Session, sessionId } from './session.ts'
import { fitItem } from './state-size.ts'

/** The last event time with which an event can join the session or repeat one of its events. */
export function lastAffectingTime(session: Session, rules: Rules): number {
  return session.limitedBy?.atMs ?? lastJoiningTime(lastEvent(session), rules)
}

/** Whether the event lies in a session that begins no later, or goes on after its last event. */
function changesFormer(event: Event, session: Session, rules: Rules): boolean {
  const last = lastEvent(session)
  if (compareEvents(event, last) <= 0) return true
  return !isCloser(last) && event.timeMs <= lastAffectingTime(session, rules)
}

/** Whether the event may join a session that begins later. A closer ends what is before it. */
function changesNext(event: Event, session: Session, rules: Rules): boolean {
  return !isCloser(event) && isWithinGap(event.timeMs, firstEvent(session).timeMs, rules)
}

/**
 * Returns a search for the sessions that an arrival may change. These are at most two: the last one
 * that begins no later, and the first one that begins later. They separate it from all others.
 *
 * @param sessions in which no session lies inside another.
 */
export function overlappedSessions(sessions: readonly Session[], rules: Rules): (arrival: Arrival) => Session[] {
  const sorted = [...sessions].sort((a, b) => compareEvents(firstEvent(a), firstEvent(b)))
  return ({ event }) => {
    let after = 0
    for (let end = sorted.length; after < end; ) {
      const middle = (after + end) >> 1
      const session = sorted[middle]
      if (session !== undefined && compareEvents(firstEvent(session), event) <= 0) after = middle + 1
      else end = middle
    }
    const [former, next] = [sorted[after - 1], sorted[after]]
    return [
      ...(former !== undefined && changesFormer(event, former, rules) ? [former] : []),
      ...(next !== undefined && changesNext(event, next, rules) ? [next] : []),
    ]
  }
}

/**
 * Returns a search for the sessions that may change when they lose an event: the one that holds it,
 * and a neighbour that only this event keeps apart. The search returns null where the session
 * before it, which a limit ended, is not among them.
 */
export function losingSessions(sessions: readonly Session[], rules: Rules): (event: Event) => Session[] | null {
  let sorted: readonly Session[] | null = null
  return (event) => {
    sorted ??= [...sessions].sort((a, b) => compareEvents(firstEvent(a), firstEvent(b)))
    const at = sorted.findIndex(({ events }) => events.includes(event))
    const [former, holder, next] = [sorted[at - 1], sorted[at], sorted[at + 1]]
    if (holder === undefined) return []
    const losing = [holder]
    if (holder.continues !== null && firstEvent(holder) === event) {
      if (former === undefined || sessionId(former) !== holder.continues) return null
      losing.push(former)
    }
    // Without its closer, a session may go on in the next one.
    if (next !== undefined && isCloser(event) && isWithinGap(event.timeMs, firstEvent(next).timeMs, rules))
      losing.push(next)
    return losing
  }
}

export interface Reopening {
  /** The closed sessions that the arrivals overlap, and the continuations of those. */
  readonly reopened: readonly Session[]
  /** The open sessions that the arrivals may change. The others stay as they are. */
  readonly affected: ReadonlySet<Session>
  /**
   * Whether all of these can be open at once. They cannot if one item cannot hold them, as with a
   * robot's long chain of full sessions, or if a continuation is no longer stored.
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
 * @param removed the events that leave their sessions, because copies among the arrivals count.
 */
export function reopen(
  open: readonly Session[],
  closed: readonly Session[],
  arrivals: readonly Arrival[],
  removed: readonly Event[],
  rules: Rules,
): Reopening {
  return reopening(open, closed, rules)(arrivals, removed)
}

/** Prepares `reopen` for several sets of arrivals at the same sessions. */
export function reopening(
  open: readonly Session[],
  closed: readonly Session[],
  rules: Rules,
): (arrivals: readonly Arrival[], removed: readonly Event[]) => Reopening {
  // A search in both together finds no session that another separates from the arrival.
  const overlapped = overlappedSessions([...open, ...closed], rules)
  const losing = losingSessions([...open, ...closed], rules)
  const next = continuations(open, closed)
  const closedOnly = new Set(closed)
  return (arrivals, removed) => {
    const found = new Set(arrivals.flatMap(overlapped))
    let areAllStored = true
    for (const event of removed) {
      const sessions = losing(event)
      if (sessions === null) areAllStored = false
      for (const session of sessions ?? []) found.add(session)
    }
    // The loop also visits the continuations that it adds, because an event that joins a full
    // session moves its last event into the next one.
    for (const session of found) {
      if (session.limitedBy === null) continue
      const continuation = next(session)
      if (continuation === undefined) areAllStored = false
      else found.add(continuation)
    }
    const reopened = [...found].filter((session) => closedOnly.has(session))
    const affected = new Set([...found].filter((session) => !closedOnly.has(session)))
    const canShareItem = (others: Iterable<Session>): boolean =>
      reopened.length === 0 || fitItem([...reopened, ...others])
    return {
      reopened,
      affected,
      fits: areAllStored && canShareItem(affected),
      evictions: canShareItem(open) ? [] : open.filter((session) => !affected.has(session)),
    }
  }
}

/** Returns a search for the session that continues a full one; undefined if it is not there. */
export function continuations(
  open: readonly Session[],
  closed: readonly Session[],
): (session: Session) => Session | undefined {
  // An open session comes after a closed one here, so it wins.
  const next = new Map([...closed, ...open].map((session) => [session.continues, session]))
  return (session) => next.get(sessionId(session))
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
