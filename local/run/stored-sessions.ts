// Counts the users, sessions and events that a run has stored.

import type { Event } from '../../functions/domain/events/event.ts'
import type { Session } from '../../functions/domain/sessions/session.ts'
import type { UserState } from '../../functions/domain/sessions/user-state.ts'
import { storedKey } from './rejected-events.ts'

export interface StoredSessions {
  readonly users: number
  /** The pipeline stores nothing of them, so the number of their events is unknown. */
  readonly forgottenUsers: number
  readonly sessions: number
  readonly events: number
  /** Which of the asked events a session holds, by their `storedKey`. */
  readonly held: ReadonlySet<string>
}

export interface SessionCount {
  /** Counts the user, also one of whom nothing else is added. */
  addUser(user: string): void
  addClosed(user: string, session: Session): void
  /** Every closed session comes before the first state. */
  addState(user: string, state: UserState): void
  stored(): StoredSessions
}

/**
 * Counts a closed session that is open again once.
 *
 * @param asked the `storedKey` of each event to look for.
 */
export function sessionCount(asked: ReadonlySet<string>): SessionCount {
  const users = new Set<string>()
  const forgotten = new Set<string>()
  const eventsOf = new Map<string, number>()
  const held = new Set<string>()
  const find = (events: readonly Event[]): void => {
    if (asked.size === 0) return
    for (const key of events.map(storedKey)) if (asked.has(key)) held.add(key)
  }
  return {
    addUser: (user) => users.add(user),
    addClosed: (user, { ids, events }) => {
      find(events)
      eventsOf.set(sessionKey(user, ids[0]), events.length)
    },
    addState: (user, state) => {
      if (state.forgotten !== null) forgotten.add(user)
      for (const { ids, events } of state.open) {
        find(events)
        // A merged session has the ids of closed ones, whose events are in it now.
        for (const id of ids) eventsOf.set(sessionKey(user, id), 0)
        eventsOf.set(sessionKey(user, ids[0]), events.length)
      }
    },
    stored: () => {
      const counts = [...eventsOf.values()].filter((events) => events > 0)
      const events = counts.reduce((sum, count) => sum + count, 0)
      return { users: users.size, forgottenUsers: forgotten.size, sessions: counts.length, events, held }
    },
  }
}

function sessionKey(user: string, id: string): string {
  return JSON.stringify([user, id])
}
