// Writes one user's state and closed sessions, and repeats a write after a conflict.

import pMap from 'p-map'
import { type Closing, closedExpiresAt, stateExpiresAt, withoutClosed } from './domain/sessions/closing.ts'
import type { TimeRange } from './domain/sessions/neighbours.ts'
import type { Rules } from './domain/sessions/rules.ts'
import type { Session } from './domain/sessions/session.ts'
import { NEW_USER, type UserState } from './domain/sessions/user-state.ts'
import { type SessionStore, VersionConflictError } from './ports.ts'

/**
 * The writers of one user are few: ingest, the sweeper, `forget`, and an ingest that outlived its
 * timeout.
 */
const TRIES_MAX = 10

/** Reads and writes the state of one user. */
export interface UserWrites {
  readonly user: string
  load(): Promise<UserState>
  /** Stores the state if the stored one still has `baseVersion`; see `SessionStore.saveUser`. */
  save(next: UserState, baseVersion: number): Promise<void>
  /**
   * Runs `attempt` on the loaded state. When the attempt throws a VersionConflictError, it runs
   * again on the state that another writer has stored by then. The tenth VersionConflictError
   * reaches the caller.
   */
  onLatestState<T>(loaded: UserState, attempt: (state: UserState) => Promise<T>): Promise<T>
  /** Returns how many attempts `onLatestState` has repeated. */
  conflicts(): number
}

/** @param expiresAtMs returns when a written state may expire; see `SessionStore.saveUser`. */
export function userWrites(
  user: string,
  sessions: SessionStore,
  expiresAtMs: (state: UserState) => number,
): UserWrites {
  let conflicts = 0
  const load = () => loadUser(user, sessions)
  const save: UserWrites['save'] = (next, baseVersion) => sessions.saveUser(user, next, baseVersion, expiresAtMs(next))
  const onLatestState: UserWrites['onLatestState'] = async (loaded, attempt) => {
    let state = loaded
    for (let tries = 1; ; tries++) {
      try {
        return await attempt(state)
      } catch (error) {
        if (!(error instanceof VersionConflictError) || tries === TRIES_MAX) throw error
        conflicts++
        state = await load()
        if (state.version < error.version) state = await catchUp(state, error.version, save)
      }
    }
  }
  return { user, load, save, onLatestState, conflicts: () => conflicts }
}

export async function loadUser(user: string, sessions: SessionStore): Promise<UserState> {
  const states = await sessions.loadUsers([user])
  return states.get(user) ?? NEW_USER
}

/**
 * Raises the state's version above that of a closed session. A state falls behind only if an
 * operator deleted a damaged one, because the next state of the user counts from 0 again.
 */
async function catchUp(state: UserState, version: number, save: UserWrites['save']): Promise<UserState> {
  const next = { ...state, version: version + 1 }
  await save(next, state.version)
  return next
}

/** Also reads and writes the closed sessions of the user. */
export interface SessionWrites extends UserWrites {
  readonly rules: Rules
  /**
   * Loads the closed sessions around the range; null when there are too many. See
   * `SessionStore.loadClosed`.
   */
  loadClosed(range: TimeRange): Promise<readonly Session[] | null>
  /**
   * Stores each of these sessions as closed, then the state without them, and returns that state.
   * It does so in portions: a writer that dies has at most one portion to write again. When the
   * time is up after a portion, the returned state still has the other sessions.
   *
   * @param state a stored state. A closed item carries the state's version, and the first item of a
   * version stays. When another writer was faster, the save fails. The caller then loads the newer
   * state and closes from there.
   */
  closeSessions(state: UserState, closings: readonly Closing[]): Promise<UserState>
  /** Returns how many sessions `closeSessions` has closed. */
  closed(): number
}

/** Items that are written before the state is. Nearly always these are all. */
const PORTION_ITEMS = 25
const CLOSINGS_AT_ONCE = 4

/** @param hasTime returns false when the time of the invocation is up. */
export function sessionWrites(
  user: string,
  sessions: SessionStore,
  rules: Rules,
  nowMs: number,
  hasTime: () => boolean,
): SessionWrites {
  const writes = userWrites(user, sessions, (state) => stateExpiresAt(state, nowMs, rules))
  const expiresAtMs = closedExpiresAt(nowMs, rules)
  let closed = 0
  const closePortion = async (state: UserState, portion: readonly Closing[]): Promise<UserState> => {
    const { version } = state
    const mergedIds = portion.flatMap(({ session }) => session.ids.slice(1))
    await pMap(portion, (closing) => sessions.putClosed({ user, ...closing, version }, expiresAtMs), {
      concurrency: CLOSINGS_AT_ONCE,
    })
    await pMap(mergedIds, (id) => sessions.putTombstone(user, id, version, expiresAtMs), {
      concurrency: CLOSINGS_AT_ONCE,
    })
    const next = { ...withoutClosed(state, portion, rules), version: version + 1 }
    await writes.save(next, version)
    closed += portion.length
    return next
  }
  return {
    // Named, since a spread takes longer and a batch makes this for each user.
    user,
    load: writes.load,
    save: writes.save,
    onLatestState: writes.onLatestState,
    conflicts: writes.conflicts,
    rules,
    loadClosed: (range) => sessions.loadClosed(user, range),
    closeSessions: async (state, closings) => {
      let left = state
      for (const portion of portions(closings)) {
        if (left !== state && !hasTime()) break
        left = await closePortion(left, portion)
      }
      return left
    },
    closed: () => closed,
  }
}

/** Each session is one item and a tombstone for each session that merged into it. */
function portions(closings: readonly Closing[]): Closing[][] {
  const all: Closing[][] = []
  let items = PORTION_ITEMS
  for (const closing of closings) {
    if (items >= PORTION_ITEMS) {
      all.push([])
      items = 0
    }
    all.at(-1)?.push(closing)
    items += closing.session.ids.length
  }
  return all
}
