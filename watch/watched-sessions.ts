// Follows the sessions of a pipeline through the writes of its stores, in bounded memory.

import { type Event, eventKey } from '../functions/domain/events/event.ts'
import type { ClosedSession } from '../functions/domain/results/result.ts'
import { type Session, sessionId } from '../functions/domain/sessions/session.ts'
import type { UserState } from '../functions/domain/sessions/user-state.ts'
import { sessionKey, sessionNumbers, trim } from './session-numbers.ts'

/** The user whose state changed longest ago is no longer followed above this number. */
const USERS_MAX = 20_000
/** Closed sessions whose timeline the page can open. */
const CLOSED_MAX = 200
/** Closed sessions of which only the number of events is known. */
const COUNTED_MAX = 20_000

export interface NumberedSession {
  readonly number: number
  readonly session: Session
}

export interface NumberedClosed {
  readonly number: number
  readonly closed: ClosedSession
}

export interface WatchedUser {
  readonly version: number
  readonly skewMs: number
  readonly forgottenAtMs: number | null
  readonly open: readonly NumberedSession[]
}

export interface WatchedSessions {
  readonly users: ReadonlyMap<string, WatchedUser>
  /** By the session's key, the latest closing last. */
  readonly closed: ReadonlyMap<string, NumberedClosed>
  openCount(): number
  closedCount(): number
  number(user: string, id: string): number
  /** Returns the number of the session that a numbered session is part of now. */
  latestNumber(number: number): number
  /** Returns false for a version that it knows. */
  setState(user: string, state: UserState): boolean
  setClosed(closed: ClosedSession): boolean
  removeClosed(user: string, id: string): void
}

export interface SessionListener {
  /** Gets each event once, in the order in which the stores show them. */
  onEvent(session: number, user: string, event: Event): void
  /** @param keys the keys of the user's closed sessions. */
  onForgotten(user: string, keys: readonly string[]): void
}

interface CountedSession {
  readonly user: string
  readonly version: number
  readonly events: number
}

export function watchedSessions({ onEvent, onForgotten }: SessionListener): WatchedSessions {
  const numbers = sessionNumbers()
  const open = openByUser()
  const closed = new Map<string, NumberedClosed>()
  /** By the session's key. A session that opens again is left out. */
  const counted = new Map<string, CountedSession>()
  let closedBefore = 0

  const knownEvents = (user: string): ReadonlySet<string> => {
    const sessions = [...closed.values()].flatMap((one) => (one.closed.user === user ? one.closed.session : []))
    const all = [...sessions, ...open.of(user).map(({ session }) => session)]
    return new Set(all.flatMap((session) => session.events.map(eventKey)))
  }
  const noteArrivals = (user: string, number: number, session: Session, known: ReadonlySet<string>): void => {
    // Only the number of events is known of sessions that closed long ago.
    const unlisted = session.ids
      .map((id) => sessionKey(user, id))
      .reduce((sum, key) => sum + (closed.has(key) ? 0 : (counted.get(key)?.events ?? 0)), 0)
    const fresh = session.events.filter((event) => !known.has(eventKey(event)))
    for (const event of fresh.slice(unlisted)) onEvent(number, user, event)
  }
  const forget = (user: string): void => {
    const keys = [...counted].flatMap(([key, one]) => (one.user === user ? key : []))
    for (const key of keys) {
      counted.delete(key)
      closed.delete(key)
    }
    onForgotten(user, keys)
  }

  return {
    users: open.users,
    closed,
    openCount: open.count,
    closedCount: () => closedBefore + counted.size,
    number: (user, id) => numbers.of(user, [id]),
    latestNumber: numbers.latest,
    setState: (user, state) => {
      const before = open.users.get(user)
      if (before !== undefined && before.version >= state.version) return false
      const forgottenAtMs = state.forgotten?.atMs ?? null
      if (forgottenAtMs !== null && forgottenAtMs !== before?.forgottenAtMs) forget(user)
      const known = knownEvents(user)
      const sessions = state.open.map((session) => ({ number: numbers.of(user, session.ids), session }))
      for (const { number, session } of sessions) {
        noteArrivals(user, number, session, known)
        for (const id of session.ids) {
          counted.delete(sessionKey(user, id))
          closed.delete(sessionKey(user, id))
        }
      }
      open.set(user, { version: state.version, skewMs: state.skewMs ?? 0, forgottenAtMs, open: sessions })
      return true
    },
    setClosed: (next) => {
      const { user, session, version } = next
      const key = sessionKey(user, sessionId(session))
      if ((counted.get(key)?.version ?? -1) >= version || open.isOpenSince(user, sessionId(session), version))
        return false
      const number = numbers.of(user, session.ids)
      noteArrivals(user, number, session, knownEvents(user))
      open.close(user, number)
      counted.delete(key)
      counted.set(key, { user, version, events: session.events.length })
      closed.delete(key)
      closed.set(key, { number, closed: next })
      trim(closed, CLOSED_MAX)
      closedBefore += trim(counted, COUNTED_MAX)
      return true
    },
    removeClosed: (user, id) => {
      closed.delete(sessionKey(user, id))
      counted.delete(sessionKey(user, id))
    },
  }
}

/** Holds the open sessions of the users whose states changed last. */
function openByUser() {
  const users = new Map<string, WatchedUser>()
  let count = 0
  const set = (user: string, next: WatchedUser): void => {
    count += next.open.length - (users.get(user)?.open.length ?? 0)
    users.delete(user)
    users.set(user, next)
    const [oldest] = users.keys()
    if (users.size <= USERS_MAX || oldest === undefined) return
    count -= users.get(oldest)?.open.length ?? 0
    users.delete(oldest)
  }
  return {
    users,
    set,
    count: () => count,
    of: (user: string) => users.get(user)?.open ?? [],
    close: (user: string, number: number): void => {
      const watched = users.get(user)
      if (watched === undefined) return
      set(user, { ...watched, open: watched.open.filter((one) => one.number !== number) })
    },
    /** Whether the session of the id has opened again after it closed with this version. */
    isOpenSince: (user: string, id: string, version: number): boolean => {
      const watched = users.get(user)
      if (watched === undefined || watched.version <= version) return false
      return watched.open.some(({ session }) => session.ids.includes(id))
    },
  }
}
