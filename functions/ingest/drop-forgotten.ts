// Refused records of people who are forgotten: dead letters in, those that may be kept out.

import { namedTime, namedUsers } from '../domain/events/named-users.ts'
import type { DeadLetter, SessionStore } from '../ports.ts'

interface ForgottenPorts {
  readonly sessions: Pick<SessionStore, 'loadUsers'>
  readonly pseudonym: (user: string) => string
}

/** Of one record that is no JSON: nobody may make us look for thousands. */
const USERS_MAX = 16
/** Of one batch: more are not asked for, and the command that forgets finds what was kept. */
const BATCH_USERS_MAX = 1000

/** What is no event is never applied, so nothing else asks whether whoever it names is forgotten. */
export async function dropForgotten(
  letters: readonly DeadLetter[],
  { sessions, pseudonym }: ForgottenPorts,
): Promise<DeadLetter[]> {
  const texts = letters.map(({ data }) => Buffer.from(data, 'base64').toString('utf8'))
  const named = texts.map((text) => namedUsers(text, USERS_MAX))
  const users = [...new Set(named.flat().map(pseudonym))].slice(0, BATCH_USERS_MAX)
  if (users.length === 0) return [...letters]
  const states = await sessions.loadUsers(users)
  return letters.filter(({ arrivalMs }, n) => {
    const timeMs = Math.min(arrivalMs, namedTime(texts[n] ?? '') ?? arrivalMs)
    const atMs = (user: string) => states.get(pseudonym(user))?.forgotten?.atMs ?? Number.NEGATIVE_INFINITY
    return !named[n]?.some((user) => timeMs <= atMs(user))
  })
}
