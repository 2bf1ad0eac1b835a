// Whose a text is, though it may be no event: a text in, the users and the time that it names out.

import { isUbi, ubiTime, ubiUsers } from './formats/ubi.ts'
import { isFields } from './rejection.ts'
import { parseTime } from './time.ts'

/** No longer ones are users, and keys take no longer ones. */
const USER_CHARACTERS_MAX = 256

/** Ours, and the ones of UBI. */
const USER_MEMBER = /"(?:user|client_id|user_id)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/g

/**
 * The user of a JSON object, or all that a document of UBI names; of any other text, everybody that a member of such a
 * name does.
 *
 * @param usersMax more are not looked for.
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

/** The time that a JSON object says; null where it says none. */
export function namedTime(text: string): number | null {
  const value = parsed(text)
  if (!isFields(value)) return null
  return parseTime(isUbi(value) ? ubiTime(value) : value.time)
}

/** As the decoder reads it. */
function userText(user: unknown): string[] {
  if (typeof user === 'number' && Number.isSafeInteger(user)) return [String(user)]
  if (typeof user !== 'string' || user === '' || /\p{Surrogate}/u.test(user)) return []
  return [...user].length <= USER_CHARACTERS_MAX ? [user] : []
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+/g
/** JSON in a text of JSON, and once more. */
const DEPTH_MAX = 3

/**
 * Whether the text is of this user. One that names no user as an event does is of everybody whose id stands anywhere in
 * it as a text or an integer of its own: another member, a list, an id of too many digits, an event in quotes.
 */
export function isNamed(user: string, text: string): boolean {
  const users = namedUsers(text, Number.POSITIVE_INFINITY)
  return users.includes(user) || (!isOfOne(text, users) && hasToken(user, text, DEPTH_MAX))
}

function isOfOne(text: string, users: readonly string[]): boolean {
  const value = parsed(text)
  return users.length === 1 && isFields(value)
}

function hasToken(user: string, text: string, depthMax: number): boolean {
  for (const [token] of text.matchAll(TOKEN)) {
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
