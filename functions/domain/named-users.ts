// Whose a text is, though it may be no event: a text in, the ids of the users that it names out.

/** More of them in one text that is not JSON are not looked for. */
const USERS_MAX = 16

/** No longer ones are users, and keys take no longer ones. */
const USER_CHARACTERS_MAX = 256

const USER_MEMBER = /"user"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/g

/** The user of a JSON object; of any other text, everybody that a member of the name `user` names. */
export function namedUsers(text: string): readonly string[] {
  const value = parsed(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return userText(Object.hasOwn(value, 'user') ? (value as { user?: unknown }).user : null)
  }
  const users = new Set<string>()
  for (const [, member = ''] of text.matchAll(USER_MEMBER)) {
    for (const user of userText(parsed(member))) users.add(user)
    if (users.size === USERS_MAX) break
  }
  return [...users]
}

/** As the decoder reads it. */
function userText(user: unknown): string[] {
  if (typeof user === 'number' && Number.isSafeInteger(user)) return [String(user)]
  return typeof user === 'string' && isUser(user) ? [user] : []
}

export function isUser(text: string): boolean {
  return text !== '' && [...text].length <= USER_CHARACTERS_MAX && !/\p{Surrogate}/u.test(text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
