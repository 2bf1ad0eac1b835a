// Lost races: an attempt on a user's state in, its outcome on the newest state out, after a bounded number of tries.

import { NEW_USER, type UserState } from './domain/sessions/user-state.ts'
import { type SessionStore, VersionConflictError } from './ports.ts'

/** Writers of one user are few: its shard's ingest, the sweeper, and an ingest that was given up but goes on. */
const TRIES_MAX = 10

/** Calls the attempt again on the state as it is now stored whenever it loses a race; throws the last VersionConflictError. */
export async function onLatestState<T>(
  user: string,
  loaded: UserState,
  sessions: SessionStore,
  expiresAtMs: number,
  attempt: (state: UserState) => Promise<T>,
): Promise<T> {
  let state = loaded
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(state)
    } catch (error) {
      if (!(error instanceof VersionConflictError) || tries === TRIES_MAX) throw error
      state = await loadUser(user, sessions)
      if (state.version < error.version) state = await catchUp(user, state, error.version, sessions, expiresAtMs)
    }
  }
}

export async function loadUser(user: string, sessions: SessionStore): Promise<UserState> {
  const states = await sessions.loadUsers([user])
  return states.get(user) ?? NEW_USER
}

/**
 * A closed session can be ahead of its user's state only where the state expired and was deleted before it: the new
 * state began to count anew. It goes on from where the old one was.
 */
async function catchUp(
  user: string,
  state: UserState,
  version: number,
  sessions: SessionStore,
  expiresAtMs: number,
): Promise<UserState> {
  const next = { ...state, version: version + 1 }
  await sessions.saveUser(user, next, state.version, expiresAtMs)
  return next
}
