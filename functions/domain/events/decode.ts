// Reads one event as a producer sent it, or gives the reason why it is rejected (E1-E3).

import {
  type ClickEvent,
  type Digest,
  EVENT_TYPES,
  type Event,
  type EventType,
  FINGERPRINT_LENGTH,
  type ResultsEvent,
  type SearchEvent,
} from './event.ts'
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
import { parseTime } from './time.ts'

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

/**
 * Reads one parsed event. An event without a time happened when it arrived. An event without an id
 * gets a digest of its user, type, time and contents, so a copy of it has the same id (E2).
 *
 * @example
 * decodeEvent({ type: 'Search', user: 'ann', query: 'dogs' }, arrivalMs, 300_000, sha256)
 * // { ok: true, user: 'ann', event: { type: 'Search', query: 'dogs', timeMs: arrivalMs, ... } }
 */
export function decodeEvent(
  sent: unknown,
  arrivalMs: number,
  maxClockSkewMs: number,
  digest: Digest,
): Decoded | Rejection {
  if (!isFields(sent)) return rejection('not-an-event', 'not a JSON object')
  return orRejection(() => {
    const { user, event } = readEvent(sent, arrivalMs, digest)
    const aheadMs = event.timeMs - arrivalMs
    if (aheadMs > maxClockSkewMs) {
      throw new FieldError('time-in-future', `time: ${aheadMs} ms after arrival, at most ${maxClockSkewMs}`)
    }
    return { ok: true, user, event }
  })
}

function readEvent(fields: Fields, arrivalMs: number, digest: Digest): { user: string; event: Event } {
  const type = readType(fields)
  const user = readUser(fields)
  const timeMs = fields.time === undefined || fields.time === null ? arrivalMs : readTime(fields.time)
  const sentId = optionalText('eventId', fields.eventId, 128)
  /** @param contents fields that distinguish the event from others of its user, type and time. */
  const idOf = (...contents: readonly unknown[]): string =>
    sentId ?? digest(JSON.stringify([user, type, timeMs, contents])).slice(0, 22)
  return { user, event: readTyped(fields, type, timeMs, idOf, digest) }
}

type IdOf = (...contents: readonly unknown[]) => string

function readTyped(fields: Fields, type: EventType, timeMs: number, idOf: IdOf, digest: Digest): Event {
  if (type === 'Search') return readSearch(fields, timeMs, idOf)
  if (type === 'Results') return readResults(fields, timeMs, idOf, digest)
  if (type === 'ClickResult') return readClick(fields, timeMs, idOf, digest)
  return { type, eventId: idOf(), timeMs }
}

function readSearch(fields: Fields, timeMs: number, idOf: IdOf): SearchEvent {
  const sent = required('query', fields.query)
  if (typeof sent !== 'string') throw new FieldError('invalid-field', 'query: expected a string')
  const query = truncateText(sent, QUERY_CHARACTERS_MAX)
  const searchId = optionalText('searchId', fields.searchId, 128)
  return {
    type: 'Search',
    searchId,
    query,
    queryTruncated: query.length < sent.length,
    eventId: idOf(searchId, sent),
    timeMs,
  }
}

function readResults(fields: Fields, timeMs: number, idOf: IdOf, digest: Digest): ResultsEvent {
  const searchId = optionalText('searchId', fields.searchId, 128)
  const count = optionalInteger('resultCount', fields.resultCount, 0)
  const items = fields.items ?? null
  if (items === null && count === null) throw new FieldError('missing-field', 'items or resultCount: required')
  if (items !== null && !isTextList(items)) throw new FieldError('invalid-field', 'items: expected an array of strings')
  if (items !== null && items.length > ITEMS_MAX) {
    throw new FieldError('invalid-field', `items: expected at most ${ITEMS_MAX}`)
  }
  const itemFingerprints = (items ?? []).map((item) => fingerprintOf(item, digest)).join('')
  const resultCount = count ?? items?.length ?? 0
  return { type: 'Results', searchId, resultCount, itemFingerprints, eventId: idOf(searchId, items, count), timeMs }
}

function readClick(fields: Fields, timeMs: number, idOf: IdOf, digest: Digest): ClickEvent {
  const searchId = optionalText('searchId', fields.searchId, 128)
  const item = text('item', required('item', fields.item), 512)
  const position = optionalInteger('position', fields.position, 1)
  const itemFingerprint = fingerprintOf(item, digest)
  const eventId = idOf(searchId, item, position)
  const click: ClickEvent = { type: 'ClickResult', searchId, item, itemFingerprint, position, eventId, timeMs }
  const ordinal = readOrdinal(fields.ubiOrdinal)
  return ordinal === null ? click : { ...click, ordinal }
}

/**
 * Only a converted UBI click has this field. Ingest ignores any other value, as of an unknown
 * field.
 */
function readOrdinal(sent: unknown): number | null {
  return Number.isSafeInteger(sent) && (sent as number) >= 0 ? (sent as number) : null
}

function fingerprintOf(item: string, digest: Digest): string {
  return digest(item).slice(0, FINGERPRINT_LENGTH)
}

function readType(fields: Fields): EventType {
  const sent = required('type', fields.type)
  const type = EVENT_TYPES[EVENT_TYPES.indexOf(sent as EventType)]
  if (type === undefined) throw new FieldError('unknown-type', `type: expected one of ${EVENT_TYPES.join(', ')}`)
  return type
}

function readUser(fields: Fields): string {
  const sent = required('user', fields.user)
  // An integer past 2^53 has already lost digits, so two users would become one.
  if (typeof sent === 'number' && Number.isSafeInteger(sent)) return String(sent)
  return text('user', sent, 256)
}

function readTime(sent: unknown): number {
  const timeMs = parseTime(sent)
  if (timeMs === null) throw new FieldError('invalid-field', 'time: expected ISO 8601 with zone, or epoch milliseconds')
  return timeMs
}

function optionalText(name: string, value: unknown, charactersMax: number): string | null {
  return value === undefined || value === null ? null : text(name, value, charactersMax)
}

function optionalInteger(name: string, value: unknown, min: number): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value
  throw new FieldError('invalid-field', `${name}: expected an integer >= ${min}`)
}

/**
 * A text that UTF-8 can store. It cannot store half a surrogate pair, so two ids would become one.
 */
function text(name: string, value: unknown, charactersMax: number): string {
  if (typeof value === 'string' && value !== '' && value.isWellFormed() && fits(value, charactersMax)) return value
  throw new FieldError('invalid-field', `${name}: expected a string of 1 to ${charactersMax} characters`)
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Counts characters as code points, as JSON Schema does. */
function fits(value: string, charactersMax: number): boolean {
  if (value.length <= charactersMax) return true
  return value.length <= 2 * charactersMax && [...value].length <= charactersMax
}

/**
 * Truncates a query, and replaces half surrogate pairs, which a producer that truncates may leave.
 */
function truncateText(value: string, charactersMax: number): string {
  const text = fits(value, charactersMax)
    ? value
    : [...value.slice(0, 2 * charactersMax)].slice(0, charactersMax).join('')
  return text.toWellFormed()
}
