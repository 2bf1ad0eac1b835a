// Converts documents of OpenSearch UBI 1.x, from `ubi_queries` or `ubi_events`, to our events.

import { ITEMS_MAX } from '../decode.ts'
import { truncateText } from '../field-values.ts'
import { LABEL_CHARACTERS_MAX } from '../labels.ts'
import { FieldError, type Fields, isFields, required } from '../rejection.ts'
import { isoTime, parseTime } from '../time.ts'
import { MIN_EVENT_TIME_MS, timeError } from '../time-field.ts'
import { flatValue, idText, valueAt } from './ubi-fields.ts'

/**
 * Actions that are clicks on a result, in the UBI specification, its reference applications and
 * common trackers. In lower case, without separators.
 */
const CLICK =
  /^(?:on)?(?:(?:search)?(?:result|item|product|document|doc|hit|object)?)click(?:s|ed|through)?(?:on)?(?:(?:search)?(?:result|item|product|document|doc|hit|object)?)$/
const SEARCHES: ReadonlySet<string> = new Set(['search', 'searched', 'onsearch'])

/**
 * The ids of the hits in an answered query. The plugin and the schema of 1.3 have the first name,
 * the plugin's documentation the second, and that of OpenSearch the third.
 */
export const HIT_IDS = ['query_response_hit_ids', 'query_response_object_ids', 'query_response_objects_ids'] as const

/** The values of `type` with which UBI pipelines route documents. UBI itself has no such field. */
const ROUTES: ReadonlySet<unknown> = new Set([undefined, null, 'event', 'query'])

/** Why a document stands for no event. */
export const IGNORED_REASONS = ['bulk-action', 'other-action', 'click-without-object', 'search-without-query'] as const
export type IgnoredReason = (typeof IGNORED_REASONS)[number]

/** Whether the document is of UBI. Unlike our own events it has none of the six types. */
export function isUbi(sent: Fields): boolean {
  if (isBulkAction(sent)) return true
  const document = unwrapped(sent)
  return ROUTES.has(sent.type) && ROUTES.has(document.type) && (isUbiEvent(document) || isUbiQuery(document))
}

/**
 * The events that a document stands for, or why it stands for none, as most documents do. Checks
 * the fields of UBI; `decodeEvent` checks the rest. Throws FieldError.
 */
export function ubiEvents(sent: Fields): Fields[] | IgnoredReason {
  if (isBulkAction(sent)) return 'bulk-action'
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

/** Whether this is an action line, which a file for the bulk API has before each document. */
function isBulkAction(sent: Fields): boolean {
  const action = sent.index ?? sent.create ?? sent.update ?? sent.delete
  return isFields(action) && Object.keys(sent).length === 1 && Object.keys(action).every(isBulkParameter)
}

/** Documents have no parameters of these names, so an action line holds no part of one. */
function isBulkParameter(name: string): boolean {
  return name.startsWith('_') || BULK_PARAMETERS.has(name)
}

const BULK_PARAMETERS: ReadonlySet<string> = new Set(
  'routing version version_type if_seq_no if_primary_term pipeline require_alias retry_on_conflict'.split(' '),
)

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
  const query = queryOf(document) ?? ''
  if (typeof query !== 'string') throw new FieldError('invalid-field', 'user_query: expected a string')
  const hits = hitsOf(document)
  const search = { type: 'Search', ...common, query, ...labelsOf(document) }
  return hits === null ? [search] : [search, { type: 'Results', ...common, ...hits }]
}

/** The words of the user. Some versions of the plugin write them as the `text` of an object. */
function queryOf({ user_query: query }: Fields): unknown {
  return isFields(query) ? query.text : query
}

function hitsOf(document: Fields): Fields | null {
  const [list, ...others] = listsOf(document)
  if (list === undefined) return null
  const { name, ids } = list
  const other = others.find((one) => one.ids.length !== ids.length)
  if (other !== undefined) {
    const counts = `${other.ids.length} ids, and ${name} has ${ids.length}`
    throw new FieldError('invalid-field', `${other.name}: ${counts}; expected one list`)
  }
  // A hit may lack the field that ids are taken from. It still counts as a rank.
  const items = ids.slice(0, ITEMS_MAX).map((id) => (id === null ? '' : idText(name, id)))
  return ids.length > ITEMS_MAX ? { items, resultCount: ids.length } : { items }
}

interface HitList {
  readonly name: string
  readonly ids: readonly unknown[]
}

/**
 * The lists of a document, each under one of the names. Some applications fill only one of two, so
 * an empty list counts only where all are empty: otherwise its search would be without results.
 */
function listsOf(document: Fields): readonly HitList[] {
  const lists = HIT_IDS.flatMap((name) => {
    const ids = document[name] ?? null
    if (ids === null) return []
    if (!Array.isArray(ids)) throw new FieldError('invalid-field', `${name}: expected an array`)
    return [{ name, ids }]
  })
  const filled = lists.filter(({ ids }) => ids.length > 0)
  return filled.length > 0 ? filled : lists
}

function eventOf(document: Fields): Fields[] | IgnoredReason {
  const name = required('action_name', document.action_name)
  if (typeof name !== 'string') throw new FieldError('invalid-field', 'action_name: expected a string')
  // Applications write one action in many ways: click_through, Click-Through, clickThrough.
  const action = name.toLowerCase().replace(/[\s._-]+/g, '')
  if (SEARCHES.has(action)) return searchOf(document)
  if (CLICK.test(action)) return clickOf(document)
  return 'other-action'
}

/** Most search events repeat their query document. Their search id makes both one search (R1). */
function searchOf(document: Fields): Fields[] | IgnoredReason {
  const query = [queryOf(document), document.message].find((text) => typeof text === 'string' && text !== '')
  if (query === undefined) return 'search-without-query'
  const common = { user: userOf(document), time: timeOf(document), ...searchIdOf(document) }
  return [{ type: 'Search', ...common, query, ...labelsOf(document) }]
}

/** The application is a label (M4). A document without a usable one stays a search. */
function labelsOf({ application }: Fields): Fields {
  if (typeof application !== 'string' || application.trim() === '') return {}
  return { labels: { application: truncateText(application, LABEL_CHARACTERS_MAX) } }
}

/** A click without an object, for example on a button, is no click on a result. */
function clickOf(document: Fields): Fields[] | IgnoredReason {
  const object = valueAt(document, 'event_attributes.object')
  const id = valueAt(document, 'event_attributes.object.object_id') ?? flatValue(document, 'object_id')
  if (object === null && id === null) return 'click-without-object'
  if (object !== null && !isFields(object))
    throw new FieldError('invalid-field', 'event_attributes.object: expected an object')
  if (id === null || id === '') throw new FieldError('missing-field', `${OBJECT_ID}: required`)
  const item = idText(OBJECT_ID, id)
  const common = { user: userOf(document), time: timeOf(document), ...searchIdOf(document) }
  return [{ type: 'ClickResult', ...common, item, ...ordinalFields(document) }]
}

const OBJECT_ID = 'event_attributes.object.object_id'

/**
 * The ordinal as sent, and its application: the decoder knows from what that one counts. So a
 * document has the same contents, and the same id, whatever `ubiOrdinalsFrom` is.
 */
function ordinalFields(document: Fields): Fields {
  const ubiOrdinal = ordinalOf(document)
  const { application } = document
  if (ubiOrdinal === null) return {}
  return typeof application === 'string' ? { ubiOrdinal, ubiApplication: application } : { ubiOrdinal }
}

/**
 * The rank of a click: an integer, in version 1.0.0 inside an object. Some applications send a
 * negative integer for none.
 */
function ordinalOf(document: Fields): number | null {
  const nested = valueAt(document, 'event_attributes.position')
  const position = nested ?? flatValue(document, 'position')
  const sent =
    valueAt(document, 'event_attributes.position.ordinal') ??
    (isFields(position) ? (position.ordinal ?? null) : (position ?? flatValue(document, 'ordinal')))
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

/** Another spelling of `query_id` is a near miss (E5), whose name the event keeps. */
function searchIdOf(document: Fields): Fields {
  const { query_id: id } = document
  if (id !== undefined && id !== null && id !== '') return { searchId: idText('query_id', id) }
  const name = QUERY_ID_MISTAKES.find((one) => (document[one] ?? null) !== null)
  return name === undefined ? {} : { [name]: true }
}

const QUERY_ID_MISTAKES = ['queryId', 'queryID', 'QueryId'] as const

/** The timestamp. It is required, since event ids are digests with it and copies must agree. */
function timeOf(document: Fields): string | number {
  const sent = required('timestamp', document.timestamp)
  const timeMs = parseTime(ubiTime(document))
  if (timeMs === null) throw timeError('timestamp', sent, 'expected ISO 8601, or epoch milliseconds')
  // The decoder explains an implausible number by its digits.
  return typeof sent === 'number' && timeMs < MIN_EVENT_TIME_MS ? sent : isoTime(timeMs)
}
