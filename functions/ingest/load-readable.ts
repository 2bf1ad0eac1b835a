// Loads the states of users, and takes a user whose state is damaged for one without a state.

import type { UserState } from '../domain/sessions/user-state.ts'
import { type SessionStore, UnreadableItemError } from '../ports.ts'

/**
 * The write of a user who is left out fails on the stored version. Ingest then loads that user
 * alone, and sets aside the events of that user only.
 */
export async function loadReadable(
  users: readonly string[],
  sessions: Pick<SessionStore, 'loadUsers'>,
): Promise<ReadonlyMap<string, UserState>> {
  try {
    return await sessions.loadUsers(users)
  } catch (error) {
    if (!(error instanceof UnreadableItemError)) throw error
    return new Map()
  }
}
