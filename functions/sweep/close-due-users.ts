// The looks of one sweep: users in; what is due of each closed, once however often it is asked for, and when to look again out.

import pMap from 'p-map'
import { closeSessions } from '../close-sessions.ts'
import { stateExpiresAt, toClose } from '../domain/sessions/closing.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import { nextDueAt } from '../domain/sessions/timers.ts'
import type { UserState } from '../domain/sessions/user-state.ts'
import { type SessionStore, VersionConflictError } from '../ports.ts'
import { loadUser, onLatestState } from '../user-writes.ts'
import type { Sweeping, SweepPorts, SweepReport } from './sweep.ts'

/**
 * When the first of the sessions that live on is due, as far as is known by now; null when nothing is open. `left`: there
 * was no time. `failed`: another writer was first, again and again, or worse.
 */
export type Look = { readonly rescheduledMs: number | null } | 'left' | 'failed'

export interface Looks {
  at(users: readonly string[]): Promise<ReadonlyMap<string, Look>>
  readonly tally: Pick<SweepReport, 'users' | 'usersClosed' | 'closed' | 'conflicts'>
  readonly failures: readonly unknown[]
}

/** Loaded together, as many as one request takes. */
const LOADED_AT_ONCE = 100
const USERS_AT_ONCE = 16

export function newLooks(sweeping: Sweeping, { sessions, hasTime }: SweepPorts, rules: Rules): Looks {
  // As many as one sweep has time for.
  const looks = new Map<string, Promise<Look>>()
  const tally = { users: 0, usersClosed: 0, closed: 0, conflicts: 0 }
  const failures: unknown[] = []

  const lookNow = async (user: string, loaded: UserState | undefined): Promise<Look> => {
    if (!hasTime()) return 'left'
    tally.users++
    try {
      const { closed, left } = await closeDue(user, loaded, sweeping, sessions, rules)
      tally.closed += closed
      if (closed > 0) tally.usersClosed++
      return { rescheduledMs: nextDueAt(left, rules) }
    } catch (error) {
      if (error instanceof VersionConflictError) tally.conflicts++
      else failures.push(error)
      return 'failed'
    }
  }
  const look = (user: string, states: ReadonlyMap<string, UserState>): Promise<Look> => {
    const asked = looks.get(user) ?? lookNow(user, states.get(user))
    looks.set(user, asked)
    return asked
  }
  return {
    tally,
    failures,
    at: async (users) => {
      const found = new Map<string, Look>()
      for (let start = 0; start < users.length; start += LOADED_AT_ONCE) {
        const some = users.slice(start, start + LOADED_AT_ONCE)
        const unseen = hasTime() ? some.filter((user) => !looks.has(user)) : []
        const states = await loadTogether(unseen, sessions)
        await pMap(some, async (user) => found.set(user, await look(user, states)), { concurrency: USERS_AT_ONCE })
      }
      return found
    },
  }
}

/** None where one of them cannot be read: each is then loaded alone, and the others do not share its fate. */
async function loadTogether(users: readonly string[], sessions: SessionStore): Promise<ReadonlyMap<string, UserState>> {
  if (users.length === 0) return new Map()
  return sessions.loadUsers(users).catch(() => new Map())
}

async function closeDue(
  user: string,
  loaded: UserState | undefined,
  { drain, horizonMs, nowMs }: Sweeping,
  sessions: SessionStore,
  rules: Rules,
): Promise<{ readonly closed: number; readonly left: UserState }> {
  const first = loaded ?? (await loadUser(user, sessions))
  return onLatestState(user, first, sessions, stateExpiresAt(nowMs, rules), async (state) => {
    const closings = toClose(state, horizonMs, rules, drain ? 'all' : 'due')
    if (closings.length === 0) return { closed: 0, left: state }
    const left = await closeSessions(user, state, closings, sessions, rules, nowMs)
    return { closed: closings.length, left }
  })
}
