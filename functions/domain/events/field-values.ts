// Reads the values of single fields, and throws a FieldError for a value that breaks its rule (E1).

import { FieldError, required } from './rejection.ts'

/**
 * Ids that programs write for a user whom they do not know (E5): blank, `null`, `undefined`, `NaN`,
 * `[object Object]` and the UUID of zeros. All their visitors would become one user.
 */
const NO_ONE = /^\s*(?:null|undefined|nan|\[object object\]|\{?0{8}-?0{4}-?0{4}-?0{4}-?0{12}\}?)?\s*$/i

/** No text that stands for no one has more characters, blank ones apart. */
const NO_ONE_CHARACTERS_MAX = 38

export function readUser(sent: unknown): string {
  const user = readId('user', required('user', sent), 256)
  if (isNoOne(user)) throw new FieldError('invalid-field', 'user: stands for no one, as null or a UUID of zeros does')
  return user
}

function isNoOne(user: string): boolean {
  const first = user.charCodeAt(0)
  // Nearly all ids begin with another character, or are longer.
  if (first < 0x80 && !NO_ONE_STARTS.has(first)) return false
  return (user.length <= NO_ONE_CHARACTERS_MAX || /^\s/.test(user)) && NO_ONE.test(user)
}

const NO_ONE_STARTS: ReadonlySet<number> = new Set([...'nNuU[{0 \t\n\v\f\r'].map((first) => first.charCodeAt(0)))

/** Reads an integer as its digits (E5). One past 2^53 has lost digits: two ids would become one. */
export function readId(name: string, sent: unknown, charactersMax: number): string {
  if (typeof sent === 'number' && Number.isSafeInteger(sent)) return String(sent)
  // UTF-8 cannot store half a surrogate pair, so two ids would become one.
  if (typeof sent === 'string' && sent !== '' && sent.isWellFormed() && fits(sent, charactersMax)) return sent
  throw new FieldError('invalid-field', `${name}: expected a string of 1 to ${charactersMax} characters, or an integer`)
}

/** Takes null for absent, as `required` does. */
export function optionalId(name: string, sent: unknown, charactersMax: number): string | null {
  return sent === undefined || sent === null ? null : readId(name, sent, charactersMax)
}

export function optionalInteger(name: string, sent: unknown, min: number): number | null {
  if (sent === undefined || sent === null) return null
  if (typeof sent === 'number' && Number.isSafeInteger(sent) && sent >= min) return sent
  throw new FieldError('invalid-field', `${name}: expected an integer >= ${min}`)
}

/** Counts characters as code points, as JSON Schema does. */
function fits(value: string, charactersMax: number): boolean {
  if (value.length <= charactersMax) return true
  return value.length <= 2 * charactersMax && [...value].length <= charactersMax
}

/**
 * Truncates a query, and replaces half surrogate pairs, which a producer that truncates may leave.
 */
export function truncateText(value: string, charactersMax: number): string {
  const text = fits(value, charactersMax)
    ? value
    : [...value.slice(0, 2 * charactersMax)].slice(0, charactersMax).join('')
  return text.toWellFormed()
}
