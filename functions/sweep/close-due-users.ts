// Closes what is due of the users whose timers fire, each user once in a sweep however many timers
// the user has.

import { type Closing, toClose } from '../domain/sessions/closing.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import { nextDueAt } from '../domain/sessions/timers.ts'
import type { UserState } from '../domain/sessions/user-state.ts'
import { type SessionStore, UnreadableItemError, VersionConflictError } from '../ports.ts'
import { type SessionWrites, sessionWrites } from '../user-writes.ts'

/** The moments and the scope that a sweep decides by. */
export interface SweepScope {
  /** True to close every session, due or not. */
  readonly drain: boolean
  /** The arrival time up to which every shard is applied. */
  readonly horizonMs: number
  readonly nowMs: number
}

/**
 * The outcome for a user. `rescheduledMs` is when the first of the sessions that stay open may be
 * due; null when none stays open. `left` means that the time was up first. `failed` means an error,
 * or that every try ended in a conflict. `unreadable` means that the user's items are damaged.
 */
export type FiredUser = { readonly rescheduledMs: number | null } | 'left' | 'failed' | 'unreadable'

export interface DueUsers {
  /**
   * Closes what is due of the users. A user whom this sweep has closed before gets the first
   * outcome again.
   */
  close(users: readonly string[]): Promise<ReadonlyMap<string, FiredUser>>
  readonly counts: DueUserCounts
  readonly failures: readonly unknown[]
  /** Why the items of users could not be read, for each such user. */
  readonly unreadable: readonly unknown[]
}

export interface DueUserCounts {
  /** Users whose timers fired. */
  readonly users: number
  readonly usersClosed: number
  readonly closed: number
  /** Users whom the next sweep must try again, because every try ended in a conflict. */
  readonly conflicts: number
}

interface ClosePorts {
  readonly sessions: SessionStore
  readonly hasTime: () => boolean
}

/** Their writes fill three batches, and memory holds their states, which may all be full. */
const USERS_AT_ONCE = 75

export function dueUsers(scope: SweepScope, { sessions, hasTime }: ClosePorts, rules: Rules): DueUsers {
  // Bounded by the users for whom one sweep has time.
  const outcomes = new Map<string, Promise<FiredUser>>()
  const counts = { users: 0, usersClosed: 0, closed: 0, conflicts: 0 }
  const failures: unknown[] = []
  const unreadable: unknown[] = []

  const closeNow = async (user: string, loaded: UserState | undefined): Promise<FiredUser> => {
    if (!hasTime()) return 'left'
    counts.users++
    const writes = sessionWrites(user, sessions, rules, scope.nowMs, hasTime)
    try {
      const left = await closeDue(writes, loaded, scope)
      const isDone = closingsOf(left, scope, rules).length === 0
      return isDone ? { rescheduledMs: nextDueAt(left, rules) } : 'left'
    } catch (error) {
      if (error instanceof UnreadableItemError) {
        unreadable.push(error)
        return 'unreadable'
      }
      if (error instanceof VersionConflictError) counts.conflicts++
      else failures.push(error)
      return 'failed'
    } finally {
      counts.closed += writes.closed()
      if (writes.closed() > 0) counts.usersClosed++
    }
  }
  const closeOnce = (user: string, states: ReadonlyMap<string, UserState>): Promise<FiredUser> => {
    const outcome = outcomes.get(user) ?? closeNow(user, states.get(user))
    outcomes.set(user, outcome)
    return outcome
  }
  return {
    counts,
    failures,
    unreadable,
    close: async (users) => {
      const fired = new Map<string, FiredUser>()
      for (let start = 0; start < users.length; start += USERS_AT_ONCE) {
        const some = users.slice(start, start + USERS_AT_ONCE)
        const unseen = hasTime() ? some.filter((user) => !outcomes.has(user)) : []
        const states = await loadTogether(unseen, sessions)
        await Promise.all(some.map(async (user) => fired.set(user, await closeOnce(user, states))))
      }
      return fired
    },
  }
}

/**
 * Returns no state when one is unreadable. Each user is then loaded alone, so that only the
 * unreadable one fails.
 */
async function loadTogether(users: readonly string[], sessions: SessionStore): Promise<ReadonlyMap<string, UserState>> {
  if (users.length === 0) return new Map()
  return sessions.loadUsers(users).catch(() => new Map())
}

/** Returns the state that is left. It still has due sessions if the time was up. */
async function closeDue(writes: SessionWrites, loaded: UserState | undefined, scope: SweepScope): Promise<UserState> {
  return writes.onLatestState(loaded ?? (await writes.load()), (state) =>
    writes.closeSessions(state, closingsOf(state, scope, writes.rules)),
  )
}

function closingsOf(state: UserState, { drain, horizonMs }: SweepScope, rules: Rules): Closing[] {
  return toClose(state, horizonMs, rules, drain ? 'all' : 'due')
}
