// Computes the rows of a closed session: one for each search, and one for the session (R4-R8).

import type { Digest, ResultsEvent, SearchEvent } from '../events/event.ts'
import { isoTime } from '../events/time.ts'
import { firstEvent, type Session, sessionId } from '../sessions/session.ts'
import {
  type AttributedClick,
  type AttributedSearch,
  attribute,
  type Evidence,
  type OrphanCause,
  type OrphanClick,
} from './attribution.ts'
import {
  type ClicksRow,
  type ClosedSession,
  type ResultRow,
  ROW_SCHEMA,
  rowPartition,
  type SearchRow,
  type SessionRow,
} from './result.ts'

const KEY_DIGEST_LENGTH = 11

/**
 * The search rows in order, then the row of the session. A session without a search has none (R5),
 * or a row of its clicks (R8).
 */
export function toRows(closed: ClosedSession, digest: Digest): ResultRow[] {
  const { searches, orphans } = attribute(closed.session.events)
  if (searches.length === 0) return orphans.length === 0 ? [] : [clicksRow(closed, orphans)]
  const rows: SearchRow[] = []
  const keys = new Set<string>()
  for (const search of searches) {
    const row = searchRow(closed, search, keys, digest)
    keys.add(row.sk)
    rows.push(row)
  }
  return [...rows, sessionRow(closed, rows, orphans)]
}

/**
 * The sort key of a search row. Two searches of one millisecond can share an id. A search id may
 * equal the event id of another search, or a limit may separate two searches of one id. A digest of
 * the event id then distinguishes them; the event id itself could make the key too long.
 */
function searchKey(
  { limitedBy }: Session,
  search: SearchEvent,
  time: string,
  taken: ReadonlySet<string>,
  digest: Digest,
): string {
  const key = `search#${time}#${search.searchId ?? search.eventId}`
  const isUnclear = taken.has(key) || limitedBy?.atMs === search.timeMs
  return isUnclear ? `${key}#${digest(search.eventId).slice(0, KEY_DIGEST_LENGTH)}` : key
}

function searchRow(
  closed: ClosedSession,
  { search, results, clicks }: AttributedSearch,
  taken: ReadonlySet<string>,
  digest: Digest,
): SearchRow {
  const first = clicks[0]
  const resultCount = largestCount(results)
  const evidence = evidenceCounts(clicks)
  const time = isoTime(search.timeMs)
  return {
    pk: rowPartition(closed.user),
    sk: searchKey(closed.session, search, time, taken, digest),
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
    version: closed.version,
  }
}

function sessionRow(
  closed: ClosedSession,
  searches: readonly SearchRow[],
  orphans: readonly OrphanClick[],
): SessionRow {
  const { session } = closed
  const total = { clicked: 0, clicks: 0, zeroResults: 0, counted: 0, bySearchId: 0, byItem: 0, byOrder: 0 }
  for (const row of searches) {
    total.clicked += row.clicked
    total.clicks += row.clicks
    total.zeroResults += row.zero_results
    total.counted += row.result_count === null ? 0 : 1
    total.bySearchId += row.clicks_by_search_id
    total.byItem += row.clicks_by_item
    total.byOrder += row.clicks_by_order
  }
  return {
    ...sessionKey(closed, 'session'),
    ...sessionTimes(session),
    events: session.events.length,
    searches: searches.length,
    searches_with_click: total.clicked,
    clicks: total.clicks,
    ...orphanCounts(orphans),
    zero_result_searches: total.zeroResults,
    searches_with_result_count: total.counted,
    clicks_by_search_id: total.bySearchId,
    clicks_by_item: total.byItem,
    clicks_by_order: total.byOrder,
    ctr: total.clicked / searches.length,
    clicks_per_search: total.clicks / searches.length,
    ...closingOf(closed),
  }
}

function clicksRow(closed: ClosedSession, orphans: readonly OrphanClick[]): ClicksRow {
  return {
    ...sessionKey(closed, 'clicks'),
    ...sessionTimes(closed.session),
    ...orphanCounts(orphans),
    ...closingOf(closed),
  }
}

function sessionKey<Kind extends 'session' | 'clicks'>({ user, session }: ClosedSession, kind: Kind) {
  const id = sessionId(session)
  return { pk: rowPartition(user), sk: `session#${id}`, kind, schema: ROW_SCHEMA, user, session_id: id } as const
}

function sessionTimes(session: Session) {
  const startMs = firstEvent(session).timeMs
  const endMs = endOf(session)
  const start = isoTime(startMs)
  return { start, end: isoTime(endMs), duration_ms: endMs - startMs, day: dayOfTime(start), hour: hourOfTime(start) }
}

function closingOf({ session, reason, version }: ClosedSession) {
  return { close_reason: reason, continues_session_id: session.continues, version }
}

function orphanCounts(orphans: readonly OrphanClick[]) {
  const of = (cause: OrphanCause): number => orphans.filter((orphan) => orphan.cause === cause).length
  return {
    orphan_clicks: orphans.length,
    orphan_clicks_search_elsewhere: of('search_elsewhere'),
    orphan_clicks_no_search: of('no_search'),
  }
}

/** The time of the last event that the user caused. A Timeout shows only that nothing happened. */
function endOf(session: Session): number {
  const active = session.events.findLast((event) => event.type !== 'Timeout') ?? firstEvent(session)
  return active.timeMs
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

function dayOfTime(time: string): string {
  return time.slice(0, 10)
}

function hourOfTime(time: string): number {
  return Number(time.slice(11, 13))
}
