// Session windows (S1-S6): a user's set of events in, the sessions that they make out.

import { compareEvents, type Event, eventBytes, eventBytesAtMost, isCloser } from '../events/event.ts'
import { isoTime } from '../events/time.ts'
import { bytesAtMost, bytesOf, handOnIndex } from './event-index.ts'
import type { Rules } from './rules.ts'

/** Which limit ended a session (S5). */
export type SessionLimit = 'max_events' | 'max_duration'

export interface LimitedBy {
  readonly limit: SessionLimit
  /** Time of the event that would have passed the limit and so began the next session. */
  readonly atMs: number
}

export interface Session {
  /**
   * The ids of the founding events that it holds, smallest first, never empty. The first is the session's id; the
   * others are ids of sessions that it absorbed and whose stored copies are to go.
   */
  readonly ids: readonly string[]
  /** The id of the session that a limit cut off before this one. */
  readonly continues: string | null
  /** Set when a limit ended the session. */
  readonly limitedBy: LimitedBy | null
  /** In order (S2), never empty. */
  readonly events: readonly Event[]
}

/**
 * Most bytes of events (`eventBytes`) in one session, so that a stored session stays far under the 400 KB of a table
 * item whatever its events hold. A session of `maxSessionEvents` ordinary events takes a third of it.
 */
export const SESSION_BYTES_MAX = 224 * 1024

interface Piece {
  readonly events: Event[]
  limitedBy: LimitedBy | null
  continuesPrevious: boolean
}

export function sessionId(session: Session): string {
  return session.ids[0] as string
}

export function firstEvent(session: Session): Event {
  return session.events[0] as Event
}

export function lastEvent(session: Session): Event {
  return session.events[session.events.length - 1] as Event
}

export function sessionBytes(session: Session): number {
  return bytesOf(session.events)
}

/** Begins with the founding event's time, so that ids sort by time; stable from then on (S6). */
export function foundingId(event: Event): string {
  return `${compactTime(event.timeMs)}-${event.eventId}`
}

/** A time of years 0 to 9999 as ids begin with it. Sorts as the times do. */
export function compactTime(timeMs: number): string {
  const iso = isoTime(timeMs)
  const clock = iso.slice(11, 13) + iso.slice(14, 16) + iso.slice(17, 19) + iso.slice(20)
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 11)}${clock}`
}

const COMPACT_TIME_LENGTH = '20240101T000005000Z'.length

/** The time of the founding event, which is in the session. */
export function compactTimeOf(id: string): string {
  return id.slice(0, COMPACT_TIME_LENGTH)
}

function foundingEventId(id: string): string {
  return id.slice(COMPACT_TIME_LENGTH + 1)
}

/**
 * Cuts one user's events into sessions.
 *
 * @param events in order (S2), each event id once.
 * @param known the sessions that these events were in before, all of whose events are among `events`. A session
 *   keeps the smallest id of those whose founding event it holds; one that holds none founds itself on its first event.
 */
export function toSessions(events: readonly Event[], known: readonly Session[], rules: Rules): Session[] {
  const founders = idsByFounder(known)
  const continuedOutside = continuedByFirstEvent(known)
  const sessions: Session[] = []
  let previous: Session | undefined
  for (const piece of splitIntoPieces(events, rules)) {
    const first = piece.events[0] as Event
    const held = piece.events.flatMap((event) => founders.get(event.eventId) ?? []).sort()
    previous = {
      ids: held.length > 0 ? held : [foundingId(first)],
      continues:
        piece.continuesPrevious && previous ? sessionId(previous) : (continuedOutside.get(first.eventId) ?? null),
      limitedBy: piece.limitedBy,
      events: piece.events,
    }
    sessions.push(previous)
  }
  return sessions
}

/** More than one where an event id came back after its session had closed, and both sessions are known now. */
function idsByFounder(known: readonly Session[]): ReadonlyMap<string, readonly string[]> {
  const founders = new Map<string, string[]>()
  for (const id of known.flatMap((session) => session.ids)) {
    founders.set(foundingEventId(id), [...(founders.get(foundingEventId(id)) ?? []), id])
  }
  return founders
}

/** Which session, itself not among `known`, is continued by the one that begins with this event. */
function continuedByFirstEvent(known: readonly Session[]): ReadonlyMap<string, string> {
  const inside = new Set(known.flatMap((session) => session.ids))
  const continued = new Map<string, string>()
  for (const session of known) {
    if (session.continues !== null && !inside.has(session.continues)) {
      continued.set(firstEvent(session).eventId, session.continues)
    }
  }
  return continued
}

/**
 * The session with these events after its own, where they do nothing but make it longer, which is what nearly all events
 * do; null where only `toSessions` says what they make.
 *
 * @param session undefined where the events may make a new one.
 * @param added none of which it has, and each once.
 */
export function lengthened(session: Session | undefined, added: readonly Event[], rules: Rules): Session | null {
  const first = session === undefined ? added[0] : firstEvent(session)
  if (first === undefined || (session !== undefined && session.limitedBy !== null)) return null
  let last = session && lastEvent(session)
  let count = session === undefined ? 0 : session.events.length
  let bytes = session === undefined ? 0 : bytesAtMost(session.events)
  for (const event of added) {
    bytes += eventBytesAtMost(event)
    if (last !== undefined) {
      const isNext = compareEvents(last, event) < 0 && !endsBefore(last, event, rules)
      if (!isNext || limitPassed(first, count, bytes, event, rules) !== null) return null
    }
    last = event
    count++
  }
  if (session === undefined) return { ids: [foundingId(first)], continues: null, limitedBy: null, events: [...added] }
  const events = session.events.concat(added)
  handOnIndex(session.events, events, added)
  return { ids: session.ids, continues: session.continues, limitedBy: null, events }
}

function splitIntoPieces(events: readonly Event[], rules: Rules): Piece[] {
  const pieces: Piece[] = []
  let piece: Piece | undefined
  let bytes = 0
  for (const event of events) {
    bytes += eventBytes(event)
    const ended = piece === undefined || endsBefore(piece.events.at(-1) as Event, event, rules)
    const passed =
      piece === undefined || ended
        ? null
        : limitPassed(piece.events[0] as Event, piece.events.length, bytes, event, rules)
    if (piece !== undefined && passed !== null) piece.limitedBy = { limit: passed, atMs: event.timeMs }
    if (piece === undefined || ended || passed !== null) {
      piece = { events: [], limitedBy: null, continuesPrevious: passed !== null }
      pieces.push(piece)
      bytes = eventBytes(event)
    }
    piece.events.push(event)
  }
  return pieces
}

/** The gap is inclusive: a pause of exactly `gapMs` still joins. */
function endsBefore(last: Event, event: Event, rules: Rules): boolean {
  return isCloser(last) || event.timeMs - last.timeMs > rules.gapMs
}

/**
 * @param count of the events before this one.
 * @param bytes of this one too.
 */
function limitPassed(first: Event, count: number, bytes: number, event: Event, rules: Rules): SessionLimit | null {
  if (count >= rules.maxSessionEvents) return 'max_events'
  if (bytes > SESSION_BYTES_MAX) return 'max_events'
  return event.timeMs - first.timeMs > rules.maxSessionDurationMs ? 'max_duration' : null
}
