// Writes the contents of an event as one text, so that a digest of it can stand for its id (E2).

import { type Fields, isFields } from './rejection.ts'

/** These fields are read apart. An event with an id needs no other. */
const READ_APART: ReadonlySet<string> = new Set(['type', 'user', 'time', 'eventId'])

/** A value that lies deeper counts only as array or object, since recursion needs a limit. */
const DEPTH_MAX = 32

/**
 * Writes every field but type, user, time and id, also those that ingest ignores, sorted by name.
 * A field that is null counts as absent.
 */
export function contentsOf(fields: Fields): string {
  let text = ''
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name]
    if (value === undefined || value === null || READ_APART.has(name)) continue
    text += `${JSON.stringify(name)}:${typeof value === 'object' ? valueText(value, DEPTH_MAX) : JSON.stringify(value)},`
  }
  return text
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object'
}

function valueText(value: unknown, depthMax: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (depthMax === 0) return Array.isArray(value) ? '[...]' : '{...}'
  if (Array.isArray(value) && value.every(isPlain)) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((element) => valueText(element, depthMax - 1)).join()}]`
  if (!isFields(value)) return ''
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${valueText(value[name], depthMax - 1)}`).join()}}`
}
