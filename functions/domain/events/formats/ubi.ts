// OpenSearch UBI 1.x: one document of `ubi_queries` or `ubi_events` in, our events that it stands for out; none of most.

import { ITEMS_MAX } from '../decode.ts'
import { FieldError, type Fields, isFields, required } from '../rejection.ts'
import { isoTime, parseTime } from '../time.ts'

/** Of a result. Its own list, `click` and `click_through`, and what the reference applications write. */
const CLICKS: ReadonlySet<string> = new Set(['click', 'click_through', 'item_click', 'product_click', 'result_click'])
const SEARCHES: ReadonlySet<string> = new Set(['search', 'on_search'])

/** Of a query that was answered. The later two were its names before and in the first releases of the plugin. */
const HIT_IDS = ['query_response_hit_ids', 'query_response_object_ids', 'query_response_objects_ids'] as const

/** `type` is no field of UBI, but pipelines route by it. */
const ROUTES: ReadonlySet<unknown> = new Set([undefined, null, 'event', 'query'])

/** Ours have a type, and one of six. */
export function isUbi(sent: Fields): boolean {
  if (isBulkAction(sent)) return true
  const document = unwrapped(sent)
  return ROUTES.has(sent.type) && ROUTES.has(document.type) && (isUbiEvent(document) || isUbiQuery(document))
}

/** Their fields are checked here as far as UBI has them, the rest where ours are. */
export function ubiEvents(sent: Fields): Fields[] {
  if (isBulkAction(sent)) return []
  const document = unwrapped(sent)
  return isUbiEvent(document) ? eventOf(document) : eventsOfQuery(document)
}

/** Whoever it names, the one that we call its user first. */
export function ubiUsers(sent: Fields): readonly unknown[] {
  const document = unwrapped(sent)
  const more = isFields(document.event_attributes) ? document.event_attributes : {}
  const named = [document.client_id, document.user_id, document.session_id, more.user_id, more.session_id]
  return named.filter((id) => id !== undefined && id !== null && id !== '')
}

/** The moment of a document, in whatever form; undefined where it says none. */
export function ubiTime(sent: Fields): unknown {
  const { timestamp } = unwrapped(sent)
  const isNaive = typeof timestamp === 'string' && /T[\d:.,]+$/.test(timestamp)
  // As OpenSearch reads it.
  return isNaive ? `${timestamp}Z` : timestamp
}

/** What an export of an index holds around each document. */
function unwrapped(sent: Fields): Fields {
  return typeof sent._index === 'string' && isFields(sent._source) ? sent._source : sent
}

/** The line before a document in a file for the bulk API. */
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

/** A search, and what it found where that is known. Paging is another query, with the same id or with one of its own. */
function eventsOfQuery(document: Fields): Fields[] {
  const stamp = { user: userOf(document), time: timeOf(document), ...searchIdOf(document) }
  const query = document.user_query ?? ''
  if (typeof query !== 'string') throw new FieldError('invalid-field', 'user_query: expected a string')
  const hits = hitsOf(document)
  const search = { type: 'Search', ...stamp, query }
  return hits === null ? [search] : [search, { type: 'Results', ...stamp, ...hits }]
}

function hitsOf(document: Fields): Fields | null {
  const name = HIT_IDS.find((one) => (document[one] ?? null) !== null)
  if (name === undefined) return null
  const ids = document[name]
  if (!Array.isArray(ids)) throw new FieldError('invalid-field', `${name}: expected an array`)
  // A hit without the field that ids are taken from keeps its place.
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

/** Most say again what their query document says: the same search id makes them one. */
function searchOf(document: Fields): Fields[] {
  const query = [document.user_query, document.message].find((text) => typeof text === 'string' && text !== '')
  if (query === undefined) return []
  return [{ type: 'Search', user: userOf(document), time: timeOf(document), ...searchIdOf(document), query }]
}

/** A click on what is no object, as a button, is no click on a result. */
function clickOf(document: Fields): Fields[] {
  const attributes = structure(document, 'event_attributes', 'event_attributes')
  const object = structure(attributes, 'object', 'event_attributes.object')
  if (object === null) return []
  const id = object.object_id ?? ''
  if (id === '') throw new FieldError('missing-field', 'event_attributes.object.object_id: required')
  const item = idText('event_attributes.object.object_id', id)
  const ordinal = ordinalOf(structure(attributes, 'position', 'event_attributes.position'))
  const stamp = { user: userOf(document), time: timeOf(document), ...searchIdOf(document) }
  return [{ type: 'ClickResult', ...stamp, item, ...(ordinal === null ? {} : { ubiOrdinal: ordinal }) }]
}

/** An integer, in version 1.0.0 within an object. Less than 0 is somebody's way to say none. */
function ordinalOf(position: Fields | null): number | null {
  const sent = position?.ordinal ?? null
  const ordinal = isFields(sent) ? sent.index : sent
  if (ordinal === null) return null
  if (Number.isSafeInteger(ordinal)) return (ordinal as number) < 0 ? null : (ordinal as number)
  throw new FieldError('invalid-field', 'event_attributes.position.ordinal: expected an integer')
}

/** The plugin writes "" for a client that named itself not. */
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

/** Required: ids of events are made of it, and so a copy that comes later is the same event. */
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
