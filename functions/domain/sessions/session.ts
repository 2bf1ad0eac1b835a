// Splits one user's events into sessions (S1). It also owns the boundary of the gap (S3):
// `isWithinGap` and `lastJoiningTime`.

import { type Event, eventBytes, eventKey, isCloser } from '../events/event.ts'
import { isNonEmpty, lastOf, type NonEmpty } from '../non-empty.ts'
import { bytesOf } from './event-index.ts'
import type { Rules } from './rules.ts'
import { foundingEventId, foundingId } from './session-id.ts'

/** Which limit ended a session (S5). */
export type SessionLimit = 'max_events' | 'max_bytes' | 'max_duration'

export interface LimitedBy {
  readonly limit: SessionLimit
  /** Time of the event that would have passed the limit and so began the next session. */
  readonly atMs: number
}

export interface Session {
  /**
   * The ids of the founding events that the session holds, smallest first. The first is the id of
   * the session (S6). The others are of sessions that merged into it; their stored copies must go.
   */
  readonly ids: NonEmpty<string>
  /** The id of the session that a limit ended directly before this one (S5). */
  readonly continues: string | null
  /** Set when a limit ended the session. */
  readonly limitedBy: LimitedBy | null
  /** In order (S2). */
  readonly events: NonEmpty<Event>
}

/**
 * Most bytes of events (`eventBytes`) in one session. A stored session then stays far under the 400
 * KB of a table item. With the default of 1,000 events, a full session takes about a third of it.
 */
export const SESSION_BYTES_MAX = 224 * 1024

interface Piece {
  readonly events: [Event, ...Event[]]
  limitedBy: LimitedBy | null
  readonly continuesPrevious: boolean
}

export function sessionId(session: Session): string {
  return session.ids[0]
}

export function firstEvent(session: Session): Event {
  return session.events[0]
}

export function lastEvent(session: Session): Event {
  return lastOf(session.events)
}

export function sessionBytes(session: Session): number {
  return bytesOf(session.events)
}

/**
 * Splits one user's events into sessions (S3, S5). With a gap of 30 minutes, `||` shows the ends:
 *
 *     10:00 Search | 10:30 ClickResult || 11:01 Search | 11:02 AppClose || 11:03 Search
 *
 * The first session ends because 31 minutes pass, and the second one with its AppClose.
 *
 * @param events in order (S2), each event once.
 * @param known the sessions that held these events before. A new session keeps the smallest id
 *   whose founding event it holds. Without one, its first event founds it. The first session also
 *   takes the ids whose founding events have left, since their stored copies must go.
 */
export function toSessions(events: readonly Event[], known: readonly Session[], rules: Rules): Session[] {
  const founders = foundersOf(known)
  const continuedOutside = continuedByFirstEvent(known)
  const sessions: Session[] = []
  let previous: Session | undefined
  for (const piece of splitIntoPieces(events, rules)) {
    const [first] = piece.events
    const knownIds = founders.take(piece.events)
    previous = {
      ids: isNonEmpty(knownIds) ? knownIds : [foundingId(first)],
      continues:
        piece.continuesPrevious && previous ? sessionId(previous) : (continuedOutside.get(eventKey(first)) ?? null),
      limitedBy: piece.limitedBy,
      events: piece.events,
    }
    sessions.push(previous)
  }
  const [first, ...others] = sessions
  const left = founders.left()
  return first === undefined || left.length === 0 ? sessions : [{ ...first, ids: [...first.ids, ...left] }, ...others]
}

/** Finds the ids of known sessions by their founding events. */
function foundersOf(known: readonly Session[]) {
  const ids = new Set(known.flatMap((session) => session.ids))
  const eventIds = new Set([...ids].map(foundingEventId))
  return {
    /** Returns the ids that the events founded, in order, and takes them off the others. */
    take: (events: readonly Event[]): string[] => {
      const taken: string[] = []
      for (const event of events) {
        const id = eventIds.has(event.eventId) ? foundingId(event) : null
        if (id !== null && ids.delete(id)) taken.push(id)
      }
      return taken.sort()
    },
    left: (): readonly string[] => [...ids].sort(),
  }
}

/** By a session's first event, the session that it continues, if that one is not among `known`. */
function continuedByFirstEvent(known: readonly Session[]): ReadonlyMap<string, string> {
  const knownIds = new Set(known.flatMap((session) => session.ids))
  const continued = new Map<string, string>()
  for (const session of known) {
    if (session.continues !== null && !knownIds.has(session.continues)) {
      continued.set(eventKey(firstEvent(session)), session.continues)
    }
  }
  return continued
}

function splitIntoPieces(events: readonly Event[], rules: Rules): Piece[] {
  const pieces: Piece[] = []
  let bytes = 0
  for (const event of events) {
    const size = eventBytes(event)
    const latest = pieces.at(-1)
    const piece = latest !== undefined && endsBefore(lastOf(latest.events), event, rules) ? undefined : latest
    const passed = piece && limitPassed(piece.events[0], piece.events.length, bytes + size, event, rules)
    if (piece !== undefined && passed === null) {
      piece.events.push(event)
      bytes += size
      continue
    }
    if (piece !== undefined && passed) piece.limitedBy = { limit: passed, atMs: event.timeMs }
    pieces.push({ events: [event], limitedBy: null, continuesPrevious: piece !== undefined })
    bytes = size
  }
  return pieces
}

/** Whether a session ends between the two events (S3). */
function endsBefore(last: Event, event: Event, rules: Rules): boolean {
  return isCloser(last) || !isWithinGap(last.timeMs, event.timeMs, rules)
}

/** Whether two event times can be of one session (S3). A pause of exactly `gapMs` still joins. */
export function isWithinGap(fromMs: number, toMs: number, rules: Rules): boolean {
  return toMs - fromMs <= rules.gapMs
}

/**
 * The last event time with which an event can join a session that ends with `last` (S3). After a
 * closer it is the closer's own time, because an event of that time may still sort before it.
 */
export function lastJoiningTime(last: Event, rules: Rules): number {
  return isCloser(last) ? last.timeMs : last.timeMs + rules.gapMs
}

/**
 * The limit that a session would pass with this event, if any (S5).
 *
 * @param count events before this one.
 * @param bytes with this one.
 */
function limitPassed(first: Event, count: number, bytes: number, event: Event, rules: Rules): SessionLimit | null {
  if (count >= rules.maxSessionEvents) return 'max_events'
  if (bytes > SESSION_BYTES_MAX) return 'max_bytes'
  return event.timeMs - first.timeMs > rules.maxSessionDurationMs ? 'max_duration' : null
}
