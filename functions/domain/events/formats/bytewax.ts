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

/** Renames the fields and leaves their values to `decodeEvent` to check. */
export function bytewaxEvent(document: Fields, type: EventType): Fields {
  const { user, time, query, items, item, position } = document
  return withoutAbsent({
    type,
    user,
    time: isSpaced(time) ? time.replace(' ', 'T') : time,
    eventId: document.eventId ?? document.event_id,
    searchId: document.searchId ?? document.search_id,
    query,
    items,
    resultCount: document.resultCount ?? document.result_count,
    item,
    position,
  })
}

function isSpaced(time: unknown): time is string {
  return typeof time === 'string' && SPACED.test(time)
}

function snakeCase(name: string): string {
  return name.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase()
}

function withoutAbsent(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}
