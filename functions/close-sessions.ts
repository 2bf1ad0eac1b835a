// Closing one user's sessions: the saved state and a choice of sessions in, closed items and the state without them out.

import { type Closing, closedExpiresAt, stateExpiresAt, withoutClosed } from './domain/sessions/closing.ts'
import type { Rules } from './domain/sessions/rules.ts'
import type { UserState } from './domain/sessions/user-state.ts'
import type { SessionStore } from './ports.ts'

/**
 * Stores each session as closed, then the state without them, conditional on the state's version. A crash in between
 * leaves both, and whoever closes next writes the same again. Only sessions of a state that is stored may be closed:
 * so one version of a user's state closes any one session in one way only, and what was closed of a state that lost
 * the race is known to the state that won it.
 */
export async function closeSessions(
  user: string,
  state: UserState,
  closings: readonly Closing[],
  sessions: SessionStore,
  rules: Rules,
  nowMs: number,
): Promise<UserState> {
  const expiresAtMs = closedExpiresAt(nowMs, rules)
  for (const { session, reason } of closings) {
    await sessions.putClosed({ user, session, reason, version: state.version }, expiresAtMs)
    for (const absorbed of session.ids.slice(1)) {
      await sessions.putTombstone(user, absorbed, state.version, expiresAtMs)
    }
  }
  const next = { ...withoutClosed(state, closings, rules), version: state.version + 1 }
  await sessions.saveUser(user, next, state.version, stateExpiresAt(nowMs, rules))
  return next
}
