// Writes events as arrays without names, and reads them again.

import {
  type ClickEvent,
  EVENT_TYPES,
  type Event,
  FINGERPRINT_LENGTH,
  type Labels,
  type ResultsEvent,
  type SearchEvent,
} from '../../domain/events/event.ts'
import { sha256 } from '../runtime/digest.ts'
import { unknownShape } from '../runtime/item-schema.ts'

/*
 * A list of three events, in a session that began 61 s before the first of them:
 *
 *     [1, 61000, "e13", "s1", "dogs", 0]             Search: search id, query, truncated
 *     [2, 65000, "e14", 0, 31, "ypeBEsobPiPoFgA5"]   Results: search id, count, items
 *     [3, 74000, "e15", 0, "a", 1]                   ClickResult: search id, item, position
 *
 * An event with a `subSequence` has `[milliseconds, subSequence]` instead of the milliseconds, and
 * one with `hasArrivalTime` has `[milliseconds]`. A Search with labels ends with them, for example
 * `{"variant": "A"}`. Search ids are long, and several events have the same one. So the first
 * event of the list holds the id, and later ones hold the index of that event in the list.
 */

/** `[type, ms since the session's first event, event id, ...the type's own fields]` */
export type EventRow = readonly [
  number,
  number | readonly [number, number?],
  string,
  ...(string | number | null | Labels)[],
]

/** The same events always make the same rows. */
export function writeEvents(events: readonly Event[], startMs: number): EventRow[] {
  const firstIndexes = new Map<string, number>()
  return events.map((event, n) => {
    const searchId = searchIdOf(event)
    const firstIndex = searchId === null ? undefined : firstIndexes.get(searchId)
    if (searchId !== null && firstIndex === undefined) firstIndexes.set(searchId, n)
    return eventRow(event, startMs, firstIndex ?? searchId)
  })
}

export function readEvents(rows: readonly EventRow[], startMs: number): Event[] {
  const events: Event[] = []
  const searchIdAt = (index: number): string => {
    const named = events[index]
    const searchId = named === undefined ? null : searchIdOf(named)
    if (searchId === null) throw new TypeError(`a stored event names event ${index}, which has no search id`)
    return searchId
  }
  for (const row of rows) events.push(event(row, startMs, searchIdAt))
  return events
}

function searchIdOf(event: Event): string | null {
  return 'searchId' in event ? event.searchId : null
}

function eventRow(event: Event, startMs: number, searchIdOrIndex: string | number | null): EventRow {
  const sinceMs = event.timeMs - startMs
  const shared = [EVENT_TYPES.indexOf(event.type), timeOf(event, sinceMs), event.eventId] as const
  if (event.type === 'Search')
    return [...shared, searchIdOrIndex, event.query, event.queryTruncated ? 1 : 0, ...labelsOf(event)]
  if (event.type === 'Results')
    return [...shared, searchIdOrIndex, event.resultCount, event.itemFingerprints, ...offsetOf(event)]
  if (event.type === 'ClickResult') return [...shared, searchIdOrIndex, event.item, event.position, ...ordinalOf(event)]
  return shared
}

function timeOf({ subSequence, hasArrivalTime }: Event, sinceMs: number): EventRow[1] {
  if (subSequence !== undefined) return [sinceMs, subSequence]
  return hasArrivalTime === undefined ? sinceMs : [sinceMs]
}

/** Labels come last, so that a search without them costs no byte more. */
function labelsOf({ labels }: SearchEvent): Labels[] {
  return labels === undefined ? [] : [labels]
}

/** Few lists have an offset, so it comes last and costs the others nothing. */
function offsetOf({ offset }: ResultsEvent): number[] {
  return offset === undefined ? [] : [offset]
}

/** Only UBI clicks have an ordinal, so it comes last and costs the others nothing. */
function ordinalOf({ ordinal }: ClickEvent): number[] {
  return ordinal === undefined ? [] : [ordinal]
}

function event(
  [typeIndex, time, eventId, ...own]: EventRow,
  startMs: number,
  searchIdAt: (index: number) => string,
): Event {
  const [sinceMs, subSequence] = typeof time === 'number' ? [time] : time
  const [searchIdOrIndex = null] = own as [(string | number | null)?]
  const searchId = typeof searchIdOrIndex === 'number' ? searchIdAt(searchIdOrIndex) : searchIdOrIndex
  const plain = plainEvent(typeIndex, eventId, startMs + sinceMs, searchId, own)
  if (subSequence !== undefined) return { ...plain, subSequence }
  return typeof time === 'number' ? plain : { ...plain, hasArrivalTime: true }
}

/** Each field is named here, since spreading shared ones in takes many times as long. */
function plainEvent(
  typeIndex: number,
  eventId: string,
  timeMs: number,
  searchId: string | null,
  own: readonly unknown[],
): Event {
  const type = EVENT_TYPES[typeIndex]
  if (type === undefined)
    throw unknownShape('a stored event has the unknown type', typeIndex, 'up to type', EVENT_TYPES.length - 1)
  if (!Number.isFinite(timeMs) || typeof eventId !== 'string') throw new TypeError('a stored event has no time or id')
  if (type === 'Search') {
    const [, query, truncated, labels] = own as [unknown, string, number, Labels?]
    const search = { type, eventId, timeMs, searchId, query, queryTruncated: truncated === 1 }
    return labels === undefined ? search : { ...search, labels }
  }
  if (type === 'Results') {
    const [, resultCount, itemFingerprints, offset] = own as [unknown, number, string, number?]
    const results = { type, eventId, timeMs, searchId, resultCount, itemFingerprints }
    return offset === undefined ? results : { ...results, offset }
  }
  if (type === 'ClickResult') {
    const [, item, position, ordinal] = own as [unknown, string, number | null, number?]
    // The fingerprint is not stored, since it follows from the item.
    const itemFingerprint = sha256(item).slice(0, FINGERPRINT_LENGTH)
    const click = { type, eventId, timeMs, searchId, item, itemFingerprint, position }
    return ordinal === undefined ? click : { ...click, ordinal }
  }
  return { type, eventId, timeMs }
}
