// Drops rejected records that name a forgotten user, so that no dead letter brings the user back.

import { namedTime, namedUsers } from '../domain/events/named-users.ts'
import type { DeadLetter, SessionStore } from '../ports.ts'
import { loadReadable } from './load-readable.ts'

interface ForgottenPorts {
  readonly sessions: Pick<SessionStore, 'loadUsers'>
  readonly pseudonym: (user: string) => string
}

/**
 * Users that ingest looks up for one rejected record, so that no record can make it look up
 * thousands.
 */
const USERS_MAX = 16
/**
 * Users that ingest looks up for one batch. `forget` later finds the dead letters of the others.
 */
const BATCH_USERS_MAX = 1000

/**
 * A rejected record is never applied to a state, so only this check notices that its user is
 * forgotten.
 */
export async function dropForgotten(
  deadLetters: readonly DeadLetter[],
  { sessions, pseudonym }: ForgottenPorts,
): Promise<DeadLetter[]> {
  const texts = deadLetters.map(({ data }) => Buffer.from(data, 'base64').toString('utf8'))
  const named = texts.map((text) => namedUsers(text, USERS_MAX))
  const users = [...new Set(named.flat().map(pseudonym))].slice(0, BATCH_USERS_MAX)
  if (users.length === 0) return [...deadLetters]
  const states = await loadReadable(users, sessions)
  return deadLetters.filter(({ arrivalMs }, n) => {
    const timeMs = Math.min(arrivalMs, namedTime(texts[n] ?? '') ?? arrivalMs)
    const atMs = (user: string) => states.get(pseudonym(user))?.forgotten?.atMs ?? Number.NEGATIVE_INFINITY
    return !named[n]?.some((user) => timeMs <= atMs(user))
  })
}
