// Refused records of people who are forgotten: dead letters in, those that may be kept out.

import { namedUsers } from '../domain/named-users.ts'
import type { DeadLetter, SessionStore } from '../ports.ts'

/** What is no event is never applied, so nothing else asks whether whoever it names is forgotten. */
export async function lettersToKeep(
  letters: readonly DeadLetter[],
  sessions: Pick<SessionStore, 'loadUsers'>,
): Promise<DeadLetter[]> {
  const named = letters.map((letter) => namedUsers(Buffer.from(letter.data, 'base64').toString('utf8')))
  const users = [...new Set(named.flat())]
  if (users.length === 0) return [...letters]
  const states = await sessions.loadUsers(users)
  const isForgotten = (user: string, arrivalMs: number): boolean => {
    const forgotten = states.get(user)?.forgotten ?? null
    return forgotten !== null && arrivalMs <= forgotten.atMs
  }
  return letters.filter(({ arrivalMs }, n) => !named[n]?.some((user) => isForgotten(user, arrivalMs)))
}
