// Converts documents of OpenSearch UBI 1.x, from `ubi_queries` or `ubi_events`, to our events.

import { ITEMS_MAX } from '../decode.ts'
import { FieldError, type Fields, isFields, required } from '../rejection.ts'
import { isoTime, parseTime } from '../time.ts'

/** Actions that are clicks on a result, in the UBI specification and its reference applications. */
const CLICKS: ReadonlySet<string> = new Set(['click', 'click_through', 'item_click', 'product_click', 'result_click'])
const SEARCHES: ReadonlySet<string> = new Set(['search', 'on_search'])

/** The ids of the hits in an answered query. The later two are names from earlier releases. */
const HIT_IDS = ['query_response_hit_ids', 'query_response_object_ids', 'query_response_objects_ids'] as const

/** The values of `type` with which UBI pipelines route documents. UBI itself has no such field. */
const ROUTES: ReadonlySet<unknown> = new Set([undefined, null, 'event', 'query'])

/** Whether the document is of UBI. Unlike our own events it has none of the six types. */
export function isUbi(sent: Fields): boolean {
  if (isBulkAction(sent)) return true
  const document = unwrapped(sent)
  return ROUTES.has(sent.type) && ROUTES.has(document.type) && (isUbiEvent(document) || isUbiQuery(document))
}

/**
 * The events that a document stands for, none for most documents. Checks the fields of UBI;
 * `decodeEvent` checks the rest. Throws FieldError.
 */
export function ubiEvents(sent: Fields): Fields[] {
  if (isBulkAction(sent)) return []
  const document = unwrapped(sent)
  return isUbiEvent(document) ? eventOf(document) : eventsOfQuery(document)
}

/** Every user that a document names. The first one is the user of its events. */
export function ubiUsers(sent: Fields): readonly unknown[] {
  const document = unwrapped(sent)
  const more = isFields(document.event_attributes) ? document.event_attributes : {}
  const named = [document.client_id, document.user_id, document.session_id, more.user_id, more.session_id]
  return named.filter((id) => id !== undefined && id !== null && id !== '')
}

/** The timestamp of a document, in whatever form; undefined where it has none. */
export function ubiTime(sent: Fields): unknown {
  const { timestamp } = unwrapped(sent)
  const isNaive = typeof timestamp === 'string' && /T[\d:.,]+$/.test(timestamp)
  // OpenSearch takes a time without a zone for UTC.
  return isNaive ? `${timestamp}Z` : timestamp
}

/** The document inside the `_index` and `_source` that an export of an index wraps around it. */
function unwrapped(sent: Fields): Fields {
  return typeof sent._index === 'string' && isFields(sent._source) ? sent._source : sent
}

/** Whether this is the action line before a document in a file for the bulk API. */
function isBulkAction(sent: Fields): boolean {
  const action = sent.index ?? sent.create
  const index = isFields(action) ? action._index : null
  return Object.keys(sent).length === 1 && typeof index === 'string' && index.startsWith('ubi_')
}

function isUbiEvent(document: Fields): boolean {
  return Object.hasOwn(document, 'action_name') && Object.hasOwn(document, 'timestamp')
}

function isUbiQuery(document: Fields): boolean {
  if (Object.hasOwn(document, 'action_name')) return false
  if (Object.hasOwn(document, 'user_query')) return true
  const answered = ['query_response_id', 'query_attributes', ...HIT_IDS].some((name) => Object.hasOwn(document, name))
  return answered && Object.hasOwn(document, 'query_id')
}

/**
 * A search, and its results where they are known. The next page of results is another query
 * document, with the same id or another.
 */
function eventsOfQuery(document: Fields): Fields[] {
  const common = { user: userOf(document), time: timeOf(document), ...searchIdOf(document) }
  const query = document.user_query ?? ''
  if (typeof query !== 'string') throw new FieldError('invalid-field', 'user_query: expected a string')
  const hits = hitsOf(document)
  const search = { type: 'Search', ...common, query }
  return hits === null ? [search] : [search, { type: 'Results', ...common, ...hits }]
}

function hitsOf(document: Fields): Fields | null {
  const name = HIT_IDS.find((one) => (document[one] ?? null) !== null)
  if (name === undefined) return null
  const ids = document[name]
  if (!Array.isArray(ids)) throw new FieldError('invalid-field', `${name}: expected an array`)
  // A hit may lack the field that ids are taken from. It still counts as a rank.
  const items = ids.slice(0, ITEMS_MAX).map((id) => (id === null ? '' : idText(name, id)))
  return ids.length > ITEMS_MAX ? { items, resultCount: ids.length } : { items }
}

function eventOf(document: Fields): Fields[] {
  const name = required('action_name', document.action_name)
  if (typeof name !== 'string') throw new FieldError('invalid-field', 'action_name: expected a string')
  const action = name.toLowerCase()
  if (SEARCHES.has(action)) return searchOf(document)
  if (CLICKS.has(action)) return clickOf(document)
  return []
}

/** Most search events repeat their query document. Their search id makes both one search (R1). */
function searchOf(document: Fields): Fields[] {
  const query = [document.user_query, document.message].find((text) => typeof text === 'string' && text !== '')
  if (query === undefined) return []
  return [{ type: 'Search', user: userOf(document), time: timeOf(document), ...searchIdOf(document), query }]
}

/** A click without an object, for example on a button, is no click on a result. */
function clickOf(document: Fields): Fields[] {
  const attributes = structure(document, 'event_attributes', 'event_attributes')
  const object = structure(attributes, 'object', 'event_attributes.object')
  if (object === null) return []
  const id = object.object_id ?? ''
  if (id === '') throw new FieldError('missing-field', 'event_attributes.object.object_id: required')
  const item = idText('event_attributes.object.object_id', id)
  const ordinal = ordinalOf(structure(attributes, 'position', 'event_attributes.position'))
  const common = { user: userOf(document), time: timeOf(document), ...searchIdOf(document) }
  return [{ type: 'ClickResult', ...common, item, ...(ordinal === null ? {} : { ubiOrdinal: ordinal }) }]
}

/**
 * The rank of a click: an integer, in version 1.0.0 inside an object. Some applications send a
 * negative integer for none.
 */
function ordinalOf(position: Fields | null): number | null {
  const sent = position?.ordinal ?? null
  const ordinal = isFields(sent) ? sent.index : sent
  if (ordinal === null) return null
  if (Number.isSafeInteger(ordinal)) return (ordinal as number) < 0 ? null : (ordinal as number)
  throw new FieldError('invalid-field', 'event_attributes.position.ordinal: expected an integer')
}

/** The user of the events. The plugin writes an empty text for a client without a name. */
function userOf(document: Fields): string {
  const [user] = ubiUsers(document)
  if (user === undefined) throw new FieldError('missing-field', 'client_id: required, or user_id or session_id')
  return idText('client_id', user)
}

function searchIdOf({ query_id: id }: Fields): { readonly searchId?: string } {
  if (id === undefined || id === null || id === '') return {}
  if (typeof id !== 'string') throw new FieldError('invalid-field', 'query_id: expected a string')
  return { searchId: id }
}

/** The timestamp. It is required, since event ids are digests with it and copies must agree. */
function timeOf(document: Fields): string {
  required('timestamp', document.timestamp)
  const timeMs = parseTime(ubiTime(document))
  if (timeMs === null) throw new FieldError('invalid-field', 'timestamp: expected ISO 8601, or epoch milliseconds')
  return isoTime(timeMs)
}

function structure(fields: Fields | null, name: string, path: string): Fields | null {
  const value = fields?.[name] ?? null
  if (value !== null && !isFields(value)) throw new FieldError('invalid-field', `${path}: expected an object`)
  return value
}

function idText(path: string, id: unknown): string {
  if (typeof id === 'string') return id
  if (Number.isSafeInteger(id)) return String(id)
  throw new FieldError('invalid-field', `${path}: expected a string or an integer`)
}
