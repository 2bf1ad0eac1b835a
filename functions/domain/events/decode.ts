// Reads one event as a producer sent it, or gives the reason why it is rejected (E1-E3).

import { contentsOf } from './contents.ts'
import {
  type ClickEvent,
  type Digest,
  digestIdOf,
  EVENT_TYPES,
  type Event,
  type EventType,
  FINGERPRINT_LENGTH,
  type ResultsEvent,
  type SearchEvent,
} from './event.ts'
import { optionalId, optionalInteger, readId, readUser, truncateText } from './field-values.ts'
import { readLabels } from './labels.ts'
import {
  FieldError,
  type Fields,
  isFields,
  orRejection,
  type Rejection,
  type RejectReason,
  rejection,
  required,
} from './rejection.ts'
import { MIN_EVENT_TIME_MS, readTime } from './time-field.ts'
import { readOrdinal, UBI_ORDINALS_FROM } from './ubi-ordinals.ts'

export type { Rejection, RejectReason }

/** A text parsed as JSON. */
export interface Parsed {
  readonly ok: true
  readonly value: unknown
}

export interface Decoded {
  readonly ok: true
  readonly user: string
  readonly event: Event
}

/** Above the largest event that the fields allow in ASCII: 1,000 items of 512 characters (E1). */
export const EVENT_CHARACTERS_MAX = 640 * 1024
const QUERY_CHARACTERS_MAX = 1024
export const ITEMS_MAX = 1000

/** Parses the JSON of one event, unless it is longer than any event can be. */
export function parseEvent(text: string): Parsed | Rejection {
  if (text.length > EVENT_CHARACTERS_MAX)
    return rejection('too-large', `longer than ${EVENT_CHARACTERS_MAX} characters`)
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return rejection('not-json', 'not JSON')
  }
}

/** The settings that decide how an event is read. By default, it may have any time after 1999. */
export interface DecodeSettings {
  /** How far ahead of its arrival an event may be. */
  readonly maxClockSkewMs?: number
  readonly minEventTimeMs?: number
  readonly ubiOrdinalsFrom?: string
}

/**
 * Reads one parsed event. An event without a time happened when it arrived, in the order of its
 * record (S2). An event without an id gets a digest of its user, type, time, `subSequence` and
 * contents, so a copy of it has the same id (E2). `subSequence` is the index in a record that packs
 * several events, else null.
 *
 * @example
 * decodeEvent({ type: 'Search', user: 'ann', query: 'dogs' }, arrivalMs, rules, sha256)
 * // { ok: true, user: 'ann', event: { type: 'Search', query: 'dogs', timeMs: arrivalMs, ... } }
 */
export function decodeEvent(
  sent: unknown,
  arrivalMs: number,
  settings: DecodeSettings,
  digest: Digest,
  subSequence: number | null = null,
): Decoded | Rejection {
  if (!isFields(sent)) return rejection('not-an-event', 'not a JSON object')
  return orRejection(() => {
    const { maxClockSkewMs = Number.POSITIVE_INFINITY, minEventTimeMs = MIN_EVENT_TIME_MS } = settings
    const type = readType(sent)
    const user = readUser(sent.user)
    const hasTime = sent.time !== undefined && sent.time !== null
    const timeMs = hasTime ? readTime(sent.time, minEventTimeMs) : arrivalMs
    const aheadMs = timeMs - arrivalMs
    if (aheadMs > maxClockSkewMs)
      throw new FieldError('time-in-future', `time: ${aheadMs} ms after arrival, at most ${maxClockSkewMs}`)
    const ownSubSequence = hasTime ? null : subSequence
    const ownId = optionalId('eventId', sent.eventId, 128)
    const eventId = ownId ?? digestId(sent, [user, type, timeMs, ownSubSequence], digest)
    const read = readTyped(sent, type, eventId, timeMs, digest)
    const event = read.type === 'ClickResult' ? withOrdinal(read, sent, settings) : read
    if (ownSubSequence !== null) return { ok: true, user, event: { ...event, subSequence: ownSubSequence } }
    return { ok: true, user, event: hasTime || ownId === null ? event : { ...event, hasArrivalTime: true } }
  })
}

/** Events of one record without a time may be equal, so `known` holds the index of each. */
function digestId(sent: Fields, known: readonly unknown[], digest: Digest): string {
  return digestIdOf(digest(`${JSON.stringify(known)}${contentsOf(sent)}`))
}

function readTyped(fields: Fields, type: EventType, eventId: string, timeMs: number, digest: Digest): Event {
  if (type === 'Search') return readSearch(fields, eventId, timeMs)
  if (type === 'Results') return readResults(fields, eventId, timeMs, digest)
  if (type === 'ClickResult') return readClick(fields, eventId, timeMs, digest)
  return { type, eventId, timeMs }
}

function readSearch(fields: Fields, eventId: string, timeMs: number): SearchEvent {
  const sent = required('query', fields.query)
  if (typeof sent !== 'string') throw new FieldError('invalid-field', 'query: expected a string')
  const query = truncateText(sent, QUERY_CHARACTERS_MAX)
  const searchId = optionalId('searchId', fields.searchId, 128)
  const labels = readLabels(fields.labels)
  const queryTruncated = query.length < sent.length
  const search: SearchEvent = { type: 'Search', searchId, query, queryTruncated, eventId, timeMs }
  return labels === null ? search : { ...search, labels }
}

function readResults(fields: Fields, eventId: string, timeMs: number, digest: Digest): ResultsEvent {
  const searchId = optionalId('searchId', fields.searchId, 128)
  const count = optionalInteger('resultCount', fields.resultCount, 0)
  const items = readItems(fields.items)
  if (items === null && count === null) throw new FieldError('missing-field', 'items or resultCount: required')
  if (count === 0 && items !== null && items.length > 0)
    throw new FieldError('invalid-field', 'resultCount: 0 beside items; expected how many results there are in all')
  const itemFingerprints = (items ?? []).map((item) => fingerprintOf(String(item), digest)).join('')
  const resultCount = count ?? items?.length ?? 0
  const offset = optionalInteger('offset', fields.offset, 0)
  const results: ResultsEvent = { type: 'Results', searchId, resultCount, itemFingerprints, eventId, timeMs }
  return offset === null ? results : { ...results, offset }
}

/** An item may be an integer, as any id (E5). */
function readItems(sent: unknown): readonly (string | number)[] | null {
  if (sent === undefined || sent === null) return null
  if (!Array.isArray(sent) || !sent.every((item) => typeof item === 'string' || Number.isSafeInteger(item)))
    throw new FieldError('invalid-field', 'items: expected an array of strings or integers')
  if (sent.length > ITEMS_MAX) throw new FieldError('invalid-field', `items: expected at most ${ITEMS_MAX}`)
  return sent
}

function readClick(fields: Fields, eventId: string, timeMs: number, digest: Digest): ClickEvent {
  const searchId = optionalId('searchId', fields.searchId, 128)
  const item = readId('item', required('item', fields.item), 512)
  const position = optionalInteger('position', fields.position, 1)
  const itemFingerprint = fingerprintOf(item, digest)
  return { type: 'ClickResult', searchId, item, itemFingerprint, position, eventId, timeMs }
}

function withOrdinal(
  click: ClickEvent,
  sent: Fields,
  { ubiOrdinalsFrom = UBI_ORDINALS_FROM }: DecodeSettings,
): ClickEvent {
  const ordinal = readOrdinal(sent, ubiOrdinalsFrom)
  return ordinal === null ? click : { ...click, ordinal }
}

function fingerprintOf(item: string, digest: Digest): string {
  return digest(item).slice(0, FINGERPRINT_LENGTH)
}

/** Whether the object has a list of objects, as `{"events": [...]}` has. */
function wrapsEvents(fields: Fields): boolean {
  return Object.values(fields).some((value) => Array.isArray(value) && isFields(value[0]))
}

function readType(fields: Fields): EventType {
  if ((fields.type ?? null) === null && wrapsEvents(fields))
    throw new FieldError('missing-field', 'type: required; the object wraps a list: send the array of events alone')
  const sent = required('type', fields.type)
  const type = EVENT_TYPES[EVENT_TYPES.indexOf(sent as EventType)]
  if (type === undefined) throw new FieldError('unknown-type', `type: expected one of ${EVENT_TYPES.join(', ')}`)
  return type
}
