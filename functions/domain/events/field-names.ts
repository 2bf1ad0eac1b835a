// Holds the names of the fields: ours, their aliases, and names that people mistake for ours (E5).

import { type Fields, isFields } from './rejection.ts'
import { isOrdinalBelowFirst, UBI_ORDINALS_FROM } from './ubi-ordinals.ts'

/** The fields of our events. */
export const FIELD_NAMES = [
  'type',
  'user',
  'time',
  'eventId',
  'searchId',
  'query',
  'labels',
  'items',
  'resultCount',
  'offset',
  'item',
  'position',
] as const

export type FieldName = (typeof FIELD_NAMES)[number]

/** Names that ingest reads like ours, whatever else the event holds. */
const ALIASES = { event_id: 'eventId', search_id: 'searchId', result_count: 'resultCount' } as const

/** Keys that may hold the class of a Python event, and two fields of a converted UBI click. */
const OTHER_READ_NAMES = ['event_type', 'event', '__class__', 'py/object', 'ubiOrdinal', 'ubiApplication'] as const

/**
 * Usual names for our fields, in lower case and without separators. `labels` has none, because
 * events of other systems often have a `label` or `tags` of their own.
 */
const SYNONYMS: Readonly<Record<Exclude<FieldName, 'offset' | 'labels'>, string>> = {
  type: 'eventtype eventname',
  user: 'userid uid username clientid visitorid customerid anonymousid distinctid deviceid',
  time: 'timestamp ts timems timestampms date datetime eventtime clienttime createdat occurredat',
  eventId: 'eventuuid eventguid messageid insertid uuid',
  searchId: 'searchuuid searchguid queryid queryuuid qid',
  query:
    'q querystring querytext userquery searchquery searchterm searchterms searchtext searchstring keyword keywords',
  items: 'results resultids itemids hits hitids productids documentids docids objectids',
  resultCount:
    'resultscount numresults numberofresults nresults totalresults hitcount hitscount numhits nbhits totalhits numfound total totalcount count',
  item: 'itemid resultid hitid productid documentid docid objectid clickeditem clickeditemid sku',
  position: 'rank pos ordinal itemposition clickposition resultposition itemrank clickrank resultrank',
}

const MEANT: ReadonlyMap<string, FieldName> = new Map([
  ...FIELD_NAMES.map((name) => [name.toLowerCase(), name] as const),
  ...Object.entries(SYNONYMS).flatMap(([name, others]) =>
    others.split(' ').map((other) => [other, name as FieldName] as const),
  ),
])

const READ_NAMES: ReadonlySet<string> = new Set([...FIELD_NAMES, ...Object.keys(ALIASES), ...OTHER_READ_NAMES])

/** Renames aliases to our names. A field of ours that is present wins over its alias. */
export function withoutAliases(fields: Fields): Fields {
  if (fields.event_id === undefined && fields.search_id === undefined && fields.result_count === undefined)
    return fields
  const renamed: Record<string, unknown> = { ...fields }
  for (const [alias, name] of Object.entries(ALIASES)) {
    renamed[name] ??= renamed[alias]
    delete renamed[alias]
  }
  return renamed
}

/** A field that ingest ignores, although its name is nearly one of ours. */
export interface NearMiss {
  /** The name as the producer sent it. */
  readonly name: string
  /** The field that it resembles; for `ORDINAL_0`, the setting that makes ingest read it. */
  readonly meant: FieldName | 'ubiOrdinalsFrom'
}

/** Names the ordinal 0 of a UBI click in an application that counts from 1. */
const ORDINAL_0 = 'ordinal 0'

const NO_NEAR_MISSES: readonly NearMiss[] = []
const NEAR_MISSES_MAX = 16
const NAME_CHARACTERS_MAX = 64

/**
 * Finds the near misses of an event, as `sentEvents` returns it: at most 16. Nothing reads their
 * values, but an ordinal of 0 (R4a).
 *
 * @example
 * nearMisses({ type: 'Search', user: 'ann', query: 'dogs', timestamp: 1772442005000 })
 * // [{ name: 'timestamp', meant: 'time' }]
 */
export function nearMisses(event: unknown, ubiOrdinalsFrom = UBI_ORDINALS_FROM): readonly NearMiss[] {
  if (!isFields(event)) return NO_NEAR_MISSES
  let found: NearMiss[] | null = null
  if (isOrdinalBelowFirst(event, ubiOrdinalsFrom)) found = [{ name: ORDINAL_0, meant: 'ubiOrdinalsFrom' }]
  for (const name in event) {
    if (READ_NAMES.has(name)) continue
    const meant = meantBy(name)
    if (meant === undefined || (event[name] ?? null) === null) continue
    found ??= []
    found.push({ name, meant })
    if (found.length === NEAR_MISSES_MAX) break
  }
  return found ?? NO_NEAR_MISSES
}

function meantBy(name: string): FieldName | undefined {
  return name.length > NAME_CHARACTERS_MAX ? undefined : MEANT.get(name.toLowerCase().replace(/[^a-z0-9]+/g, ''))
}
