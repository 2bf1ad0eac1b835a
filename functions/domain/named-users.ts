// Whose a text is, though it may be no event: a text in, the users and the time that it names out.

import { parseTime } from './time.ts'

/** No longer ones are users, and keys take no longer ones. */
const USER_CHARACTERS_MAX = 256

const USER_MEMBER = /"user"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/g

/**
 * The user of a JSON object; of any other text, everybody that a member of the name `user` names.
 *
 * @param usersMax more are not looked for.
 */
export function namedUsers(text: string, usersMax: number): readonly string[] {
  const value = parsed(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return userText(Object.hasOwn(value, 'user') ? (value as { user?: unknown }).user : null)
  }
  const users = new Set<string>()
  for (const [, member = ''] of text.matchAll(USER_MEMBER)) {
    for (const user of userText(parsed(member))) users.add(user)
    if (users.size === usersMax) break
  }
  return [...users]
}

/** The time that a JSON object says; null where it says none. */
export function namedTime(text: string): number | null {
  const value = parsed(text)
  return typeof value === 'object' && value !== null && 'time' in value ? parseTime(value.time) : null
}

/** As the decoder reads it. */
function userText(user: unknown): string[] {
  if (typeof user === 'number' && Number.isSafeInteger(user)) return [String(user)]
  if (typeof user !== 'string' || user === '' || /\p{Surrogate}/u.test(user)) return []
  return [...user].length <= USER_CHARACTERS_MAX ? [user] : []
}

export function isNamed(user: string, text: string): boolean {
  return namedUsers(text, Number.POSITIVE_INFINITY).includes(user)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
