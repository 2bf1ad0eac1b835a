// Converts events of the Bytewax tutorial, as a Python service serializes them, to our events.

import { EVENT_TYPES, type EventType } from '../event.ts'
import type { Fields } from '../rejection.ts'

/** The keys that may hold the name of the class. The first one present decides. */
const CLASS_KEYS = ['type', 'event_type', 'event', '__class__', 'py/object'] as const

/** `str(datetime)` writes a space instead of the T. */
const SPACED = /^\d{4}-\d{2}-\d{2} \d/

const TYPES: ReadonlyMap<string, EventType> = new Map(
  EVENT_TYPES.flatMap((type) => [
    [type, type],
    [snakeCase(type), type],
  ]),
)

/** Whether the document is such an event. An event that is accepted unconverted never is. */
export function isBytewax(document: Fields): boolean {
  const type = bytewaxType(document)
  return type !== null && (document.type !== type || isSpaced(document.time))
}

/** The event type that the class name stands for; null where it names no class of the tutorial. */
export function bytewaxType(document: Fields): EventType | null {
  const key = CLASS_KEYS.find((name) => (document[name] ?? null) !== null)
  const name = key === undefined || !Object.hasOwn(document, 'user') ? null : document[key]
  // jsonpickle writes the module before the class.
  return typeof name === 'string' ? (TYPES.get(key === 'py/object' ? name.replace(/^.*\./, '') : name) ?? null) : null
}

/**
 * Writes the type and the time as ours, and leaves the values to `decodeEvent` to check. The key of
 * the class does not stay, so that copies in several spellings have one digest.
 */
export function bytewaxEvent(document: Fields, type: EventType): Fields {
  const event: Record<string, unknown> = { ...document, type }
  for (const key of CLASS_KEYS) if (key !== 'type') delete event[key]
  if (isSpaced(document.time)) event.time = document.time.replace(' ', 'T')
  return event
}

function isSpaced(time: unknown): time is string {
  return typeof time === 'string' && SPACED.test(time)
}

function snakeCase(name: string): string {
  return name.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase()
}
