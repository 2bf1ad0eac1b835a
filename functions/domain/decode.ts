// Decoding (E1-E3): one event as it was sent in, one event of one user out, or the reason why it is rejected.

import {
  type ClickEvent,
  type Digest,
  EVENT_TYPES,
  type Event,
  type EventType,
  MARK_LENGTH,
  type ResultsEvent,
  type SearchEvent,
} from './event.ts'
import {
  FieldProblem,
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

/** What a text says as JSON. */
export interface Parsed {
  readonly ok: true
  readonly value: unknown
}

export interface Decoded {
  readonly ok: true
  readonly user: string
  readonly event: Event
}

/** The largest event that the table of E1 allows in ASCII (1,000 items of 512 characters), with room to spare. */
export const EVENT_CHARACTERS_MAX = 640 * 1024
const QUERY_CHARACTERS_MAX = 1024
export const ITEMS_MAX = 1000

/** The JSON of one event, if it is not longer than any event can be. */
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
 * Reads one parsed event. An event without a time happened when it arrived; one without an event id gets a digest of
 * its user, type, time and payload, so that its redelivery is the same event.
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
      throw new FieldProblem('time-in-future', `time: ${aheadMs} ms after arrival, at most ${maxClockSkewMs}`)
    }
    return { ok: true, user, event }
  })
}

function readEvent(fields: Fields, arrivalMs: number, digest: Digest): { user: string; event: Event } {
  const type = readType(fields)
  const user = readUser(fields)
  const timeMs = fields.time === undefined || fields.time === null ? arrivalMs : readTime(fields.time)
  const sentId = optionalText(fields, 'eventId', 128)
  const payload = readPayload(fields, type, digest)
  const eventId = sentId ?? digest(JSON.stringify([user, type, timeMs, payload.identity])).slice(0, 22)
  return { user, event: { ...payload.fields, eventId, timeMs } as Event }
}

type Unstamped<T> = Omit<T, 'eventId' | 'timeMs'>

/** The event's own fields, and what tells it from another event of the same user, type and time. */
interface Payload {
  readonly fields: Unstamped<Event>
  readonly identity: readonly unknown[]
}

function readPayload(fields: Fields, type: EventType, digest: Digest): Payload {
  if (type === 'Search') return readSearch(fields)
  if (type === 'Results') return readResults(fields, digest)
  if (type === 'ClickResult') return readClick(fields, digest)
  return { fields: { type }, identity: [] }
}

function readSearch(fields: Fields): Payload {
  const sent = required(fields, 'query')
  if (typeof sent !== 'string') throw new FieldProblem('invalid-field', 'query: expected a string')
  const query = cutText(sent, QUERY_CHARACTERS_MAX)
  const searchId = optionalText(fields, 'searchId', 128)
  const search: Unstamped<SearchEvent> = { type: 'Search', searchId, query, queryCut: query.length < sent.length }
  return { fields: search, identity: [searchId, sent] }
}

function readResults(fields: Fields, digest: Digest): Payload {
  const searchId = optionalText(fields, 'searchId', 128)
  const count = optionalInteger(fields, 'resultCount', 0)
  const items = fields.items ?? null
  if (items === null && count === null) throw new FieldProblem('missing-field', 'items or resultCount: required')
  if (items !== null && !isTextList(items))
    throw new FieldProblem('invalid-field', 'items: expected an array of strings')
  if (items !== null && items.length > ITEMS_MAX) {
    throw new FieldProblem('invalid-field', `items: expected at most ${ITEMS_MAX}`)
  }
  const marks = (items ?? []).map((item) => markOf(item, digest)).join('')
  const resultCount = count ?? items?.length ?? 0
  const results: Unstamped<ResultsEvent> = { type: 'Results', searchId, resultCount, marks }
  return { fields: results, identity: [searchId, items, count] }
}

function readClick(fields: Fields, digest: Digest): Payload {
  const searchId = optionalText(fields, 'searchId', 128)
  const item = text('item', required(fields, 'item'), 512)
  const position = optionalInteger(fields, 'position', 1)
  const mark = markOf(item, digest)
  const ordinal = readOrdinal(fields.ubiOrdinal)
  const click: Unstamped<ClickEvent> = { type: 'ClickResult', searchId, item, mark, position, ...ordinal }
  return { fields: click, identity: [searchId, item, position] }
}

/** Reserved for what is converted from UBI, before it is sent or here; whatever else has that name is an unknown field. */
function readOrdinal(sent: unknown): { readonly ordinal: number } | null {
  return Number.isSafeInteger(sent) && (sent as number) >= 0 ? { ordinal: sent as number } : null
}

function markOf(item: string, digest: Digest): string {
  return digest(item).slice(0, MARK_LENGTH)
}

function readType(fields: Fields): EventType {
  const sent = required(fields, 'type')
  const type = EVENT_TYPES.find((known) => known === sent)
  if (type === undefined) throw new FieldProblem('unknown-type', `type: expected one of ${EVENT_TYPES.join(', ')}`)
  return type
}

function readUser(fields: Fields): string {
  const sent = required(fields, 'user')
  // An integer past 2^53 has already lost digits: two users would become one.
  if (typeof sent === 'number' && Number.isSafeInteger(sent)) return String(sent)
  return text('user', sent, 256)
}

function readTime(sent: unknown): number {
  const timeMs = parseTime(sent)
  if (timeMs === null)
    throw new FieldProblem('invalid-field', 'time: expected ISO 8601 with zone, or epoch milliseconds')
  return timeMs
}

function optionalText(fields: Fields, name: string, charactersMax: number): string | null {
  const value = fields[name]
  return value === undefined || value === null ? null : text(name, value, charactersMax)
}

function optionalInteger(fields: Fields, name: string, min: number): number | null {
  const value = fields[name]
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value
  throw new FieldProblem('invalid-field', `${name}: expected an integer >= ${min}`)
}

/** A text that is stored as UTF-8: half a surrogate pair cannot be, and two such ids would become one. */
function text(name: string, value: unknown, charactersMax: number): string {
  if (typeof value === 'string' && value !== '' && isWellFormed(value) && fits(value, charactersMax)) return value
  throw new FieldProblem('invalid-field', `${name}: expected a string of 1 to ${charactersMax} characters`)
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Characters are code points, as in JSON Schema. */
function fits(value: string, charactersMax: number): boolean {
  if (value.length <= charactersMax) return true
  return value.length <= 2 * charactersMax && [...value].length <= charactersMax
}

function isWellFormed(value: string): boolean {
  return !/\p{Surrogate}/u.test(value)
}

/** The first characters of a query, with half surrogate pairs replaced: producers cut queries too, and not always well. */
function cutText(value: string, charactersMax: number): string {
  const cut = fits(value, charactersMax)
    ? value
    : [...value.slice(0, 2 * charactersMax)].slice(0, charactersMax).join('')
  return cut.replace(/\p{Surrogate}/gu, '\uFFFD')
}
