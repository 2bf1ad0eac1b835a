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
  const members: unknown[] = []
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name]
    if (value !== undefined && value !== null && !READ_APART.has(name)) members.push(name, sorted(value, DEPTH_MAX))
  }
  return JSON.stringify(members)
}

/** Replaces each object by its names and values, sorted by name. */
function sorted(value: unknown, depthMax: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value) && value.every((element) => typeof element !== 'object')) return value
  if (depthMax === 0) return Array.isArray(value) ? {} : { members: null }
  if (Array.isArray(value)) return value.map((element) => sorted(element, depthMax - 1))
  if (!isFields(value)) return value
  const names = Object.keys(value).sort()
  return { members: names.flatMap((name) => [name, sorted(value[name], depthMax - 1)]) }
}
