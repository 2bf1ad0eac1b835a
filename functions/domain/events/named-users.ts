// Finds the users and the time that a rejected text names, although it is no event.

import { isUbi, ubiTime, ubiUsers } from './formats/ubi.ts'
import { jsonTokens } from './json-tokens.ts'
import { isFields } from './rejection.ts'
import { parseTime } from './time.ts'

/** No user is longer (E1), and no table key could hold a longer one. */
const USER_CHARACTERS_MAX = 256

/** The members that name a user in our events and in UBI documents. */
const USER_MEMBER = /"(?:user|client_id|user_id)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/g

/**
 * Finds the users that a text names: the `user` of a JSON object, or every user of a UBI document.
 * In any other text it takes each member with such a name.
 *
 * @param usersMax the search stops at this many users.
 */
export function namedUsers(text: string, usersMax: number): readonly string[] {
  const value = parsed(text)
  if (isFields(value)) {
    if (!Object.hasOwn(value, 'user') && isUbi(value)) return [...new Set(ubiUsers(value).flatMap(userText))]
    return userText(Object.hasOwn(value, 'user') ? value.user : null)
  }
  const users = new Set<string>()
  for (const [, member = ''] of text.matchAll(USER_MEMBER)) {
    for (const user of userText(parsed(member))) users.add(user)
    if (users.size >= usersMax) break
  }
  return [...users]
}

/** The time that a JSON object names, in epoch milliseconds; null where it names none. */
export function namedTime(text: string): number | null {
  const value = parsed(text)
  if (!isFields(value)) return null
  return parseTime(isUbi(value) ? ubiTime(value) : value.time)
}

/** Accepts the users that `decodeEvent` accepts. */
function userText(user: unknown): string[] {
  if (typeof user === 'number' && Number.isSafeInteger(user)) return [String(user)]
  if (typeof user !== 'string' || user === '' || /\p{Surrogate}/u.test(user)) return []
  return [...user].length <= USER_CHARACTERS_MAX ? [user] : []
}

/** A text may hold JSON whose texts hold JSON again. */
const DEPTH_MAX = 3

/**
 * Whether the text may be about this user. If the text names no single user as an event does, any
 * user id that it holds as a value counts as named. The id may be another member, an element of a
 * list, an integer of too many digits, or part of an event in quotes.
 */
export function isNamed(user: string, text: string): boolean {
  const users = namedUsers(text, Number.POSITIVE_INFINITY)
  return users.includes(user) || (!namesOneUser(text, users) && hasToken(user, text, DEPTH_MAX))
}

function namesOneUser(text: string, users: readonly string[]): boolean {
  const value = parsed(text)
  return users.length === 1 && isFields(value)
}

function hasToken(user: string, text: string, depthMax: number): boolean {
  for (const token of jsonTokens(text)) {
    if (token === user) return true
    const value = token.startsWith('"') ? parsed(token) : token
    if (value === user) return true
    if (typeof value === 'string' && depthMax > 1 && /^\s*[[{]/.test(value) && hasToken(user, value, depthMax - 1))
      return true
  }
  return false
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
