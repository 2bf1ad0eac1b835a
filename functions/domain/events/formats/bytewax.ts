// Events as a Python service writes those of Bytewax's tutorial: one JSON object in, our event that it stands for out.

import { EVENT_TYPES, type EventType } from '../event.ts'
import type { Fields } from '../rejection.ts'

/** Where the name of the class may stand; a `type` of another kind is looked at alone. */
const CLASS_KEYS = ['type', 'event_type', 'event', '__class__', 'py/object'] as const

/** What `str(datetime)` writes instead of a T. */
const SPACED = /^\d{4}-\d{2}-\d{2} \d/

const TYPES: ReadonlyMap<string, EventType> = new Map(
  EVENT_TYPES.flatMap((type) => [
    [type, type],
    [snakeCase(type), type],
  ]),
)

/** Ours in another spelling: no event that is accepted as it is, is one of these. */
export function isBytewax(document: Fields): boolean {
  const type = bytewaxType(document)
  return type !== null && (document.type !== type || isSpaced(document.time))
}

/** The class, in either spelling; null where it is none of the tutorial's. */
export function bytewaxType(document: Fields): EventType | null {
  const key = CLASS_KEYS.find((name) => (document[name] ?? null) !== null)
  const name = key === undefined || !Object.hasOwn(document, 'user') ? null : document[key]
  // With its module, as jsonpickle names a class.
  return typeof name === 'string' ? (TYPES.get(key === 'py/object' ? name.replace(/^.*\./, '') : name) ?? null) : null
}

/** Fields are checked where ours are. */
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
