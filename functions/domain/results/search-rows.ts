// Computes the rows of a session's searches (R4, R6), and their keys.

import type { Digest, ResultsEvent, SearchEvent } from '../events/event.ts'
import { isoTime } from '../events/time.ts'
import { type Session, sessionId } from '../sessions/session.ts'
import type { AttributedClick, AttributedSearch, Evidence } from './attribution.ts'
import { type ClosedSession, ROW_SCHEMA, rowPartition, type SearchRow } from './result.ts'
import type { SearchSuccess, SuccessRules } from './satisfaction.ts'
import { namedLabels } from './segment-names.ts'

/** The settings that decide what is in a row. */
export interface RowRules extends SuccessRules {
  /** The labels that search rows have (M4). */
  readonly segments: readonly string[]
}

const KEY_DIGEST_LENGTH = 11

/** Returns the sort keys of the searches' rows, in the order of the searches. */
export function searchKeys(session: Session, searches: readonly AttributedSearch[], digest: Digest): string[] {
  const taken = new Set<string>()
  return searches.map(({ search }) => {
    const key = searchKey(session, search, taken, digest)
    taken.add(key)
    return key
  })
}

/**
 * The sort key of a search row. Two searches of one millisecond can share an id. A search id may
 * equal the event id of another search, or a limit may separate two searches of one id. A digest of
 * the event id then distinguishes them; the event id itself could make the key too long.
 */
function searchKey({ limitedBy }: Session, search: SearchEvent, taken: ReadonlySet<string>, digest: Digest): string {
  const key = `search#${isoTime(search.timeMs)}#${search.searchId ?? search.eventId}`
  const isUnclear = taken.has(key) || limitedBy?.atMs === search.timeMs
  return isUnclear ? `${key}#${digest(search.eventId).slice(0, KEY_DIGEST_LENGTH)}` : key
}

/** @param sk the key of the row, see `searchKeys`. */
export function searchRow(
  closed: ClosedSession,
  { search, results, clicks }: AttributedSearch,
  sk: string,
  success: SearchSuccess,
  segments: readonly string[],
): SearchRow {
  const first = clicks[0]
  const resultCount = largestCount(results)
  const evidence = evidenceCounts(clicks)
  const time = isoTime(search.timeMs)
  const labels = namedLabels(search.labels, segments)
  const row: SearchRow = {
    pk: rowPartition(closed.user),
    sk,
    kind: 'search',
    schema: ROW_SCHEMA,
    user: closed.user,
    session_id: sessionId(closed.session),
    search_id: search.searchId,
    event_id: search.eventId,
    time,
    day: dayOfTime(time),
    hour: hourOfTime(time),
    query: search.query,
    query_truncated: search.queryTruncated,
    clicked: clicks.length > 0 ? 1 : 0,
    clicks: clicks.length,
    distinct_items_clicked: clicks.length > 1 ? new Set(clicks.map(({ click }) => click.item)).size : clicks.length,
    clicks_by_search_id: evidence.searchId,
    clicks_by_item: evidence.item,
    clicks_by_order: evidence.order,
    result_count: resultCount,
    zero_results: resultCount === 0 ? 1 : 0,
    clicked_positions: positionsOf(clicks),
    first_click_position: first?.position ?? null,
    time_to_first_click_ms: first === undefined ? null : Math.max(0, first.click.timeMs - search.timeMs),
    satisfaction: success.satisfaction,
    satisfied_clicks: success.satisfiedClicks,
    unknown_dwell_clicks: success.unknownDwellClicks,
    reformulated: success.isReformulated ? 1 : 0,
    version: closed.version,
  }
  return labels === undefined ? row : { ...row, labels }
}

function largestCount(results: readonly ResultsEvent[]): number | null {
  let largest: number | null = null
  for (const { resultCount } of results) largest = largest === null ? resultCount : Math.max(largest, resultCount)
  return largest
}

function positionsOf(clicks: readonly AttributedClick[]): string {
  let positions = ''
  for (const { position } of clicks) {
    if (position !== null) positions += positions === '' ? position : `,${position}`
  }
  return positions
}

function evidenceCounts(clicks: readonly AttributedClick[]): Record<Evidence, number> {
  const counts = { searchId: 0, item: 0, order: 0 }
  for (const { evidence } of clicks) counts[evidence]++
  return counts
}

export function dayOfTime(time: string): string {
  return time.slice(0, 10)
}

export function hourOfTime(time: string): number {
  return Number(time.slice(11, 13))
}
