// Computes the rows of a closed session: one for each search, and one for the session (R4-R8).

import type { Digest } from '../events/event.ts'
import { isoTime } from '../events/time.ts'
import { firstEvent, type Session, sessionId } from '../sessions/session.ts'
import { attribute, type OrphanCause, type OrphanClick } from './attribution.ts'
import {
  type ClicksRow,
  type ClosedSession,
  type ResultRow,
  ROW_SCHEMA,
  rowPartition,
  type SearchRow,
  type SessionRow,
} from './result.ts'
import { type SearchSuccess, searchSuccesses } from './satisfaction.ts'
import { dayOfTime, hourOfTime, type RowRules, searchKeys, searchRow } from './search-rows.ts'

/**
 * The search rows in order, then the row of the session. A session without a search has none (R5),
 * or a row of its clicks (R8).
 */
export function toRows(closed: ClosedSession, digest: Digest, rules: RowRules): ResultRow[] {
  const { session } = closed
  const { searches, orphans } = attribute(session.events)
  if (searches.length === 0) return orphans.length === 0 ? [] : [clicksRow(closed, orphans)]
  const successes = searchSuccesses(session.events, searches, rules)
  const keys = searchKeys(session, searches, digest)
  const rows = searches.map((search, n) =>
    searchRow(closed, search, keys[n] as string, successes[n] as SearchSuccess, rules.segments),
  )
  const startMs = searches[0]?.search.timeMs ?? 0
  return [...rows, sessionRow(closed, rows, orphans, successColumns(successes, startMs))]
}

/** The keys of the rows that `toRows` returns. They depend on no rule. */
export function rowKeys({ user, session }: ClosedSession, digest: Digest): Pick<ResultRow, 'pk' | 'sk'>[] {
  const { searches, orphans } = attribute(session.events)
  if (searches.length + orphans.length === 0) return []
  const keys = [...searchKeys(session, searches, digest), sessionRowKey(session)]
  return keys.map((sk) => ({ pk: rowPartition(user), sk }))
}

/** Names each column, since spreading them all takes ten times as long. */
function sessionRow(
  { user, session, reason, version }: ClosedSession,
  searches: readonly SearchRow[],
  orphans: readonly OrphanClick[],
  success: ReturnType<typeof successColumns>,
): SessionRow {
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
  const times = sessionTimes(session)
  const orphanCount = orphanCounts(orphans)
  return {
    pk: rowPartition(user),
    sk: sessionRowKey(session),
    kind: 'session',
    schema: ROW_SCHEMA,
    user,
    session_id: sessionId(session),
    start: times.start,
    end: times.end,
    duration_ms: times.duration_ms,
    day: times.day,
    hour: times.hour,
    events: session.events.length,
    searches: searches.length,
    searches_with_click: total.clicked,
    clicks: total.clicks,
    orphan_clicks: orphanCount.orphan_clicks,
    orphan_clicks_search_elsewhere: orphanCount.orphan_clicks_search_elsewhere,
    orphan_clicks_no_search: orphanCount.orphan_clicks_no_search,
    zero_result_searches: total.zeroResults,
    searches_with_result_count: total.counted,
    clicks_by_search_id: total.bySearchId,
    clicks_by_item: total.byItem,
    clicks_by_order: total.byOrder,
    ctr: total.clicked / searches.length,
    clicks_per_search: total.clicks / searches.length,
    satisfied_searches: success.satisfied_searches,
    unknown_satisfaction_searches: success.unknown_satisfaction_searches,
    unsatisfied_searches: success.unsatisfied_searches,
    reformulated_searches: success.reformulated_searches,
    searches_to_success: success.searches_to_success,
    time_to_success_ms: success.time_to_success_ms,
    close_reason: reason,
    continues_session_id: session.continues,
    version,
  }
}

/** @param startMs the time of the session's first search. */
function successColumns(successes: readonly SearchSuccess[], startMs: number) {
  let satisfiedAtMs: number | null = null
  const total = { satisfied: 0, unknown: 0, unsatisfied: 0, reformulated: 0 }
  for (const { satisfaction, satisfiedAtMs: atMs, isReformulated } of successes) {
    if (satisfaction !== null) total[satisfaction]++
    if (isReformulated) total.reformulated++
    if (atMs !== null) satisfiedAtMs = Math.min(atMs, satisfiedAtMs ?? atMs)
  }
  const first = successes.findIndex(({ satisfaction }) => satisfaction === 'satisfied')
  return {
    satisfied_searches: total.satisfied,
    unknown_satisfaction_searches: total.unknown,
    unsatisfied_searches: total.unsatisfied,
    reformulated_searches: total.reformulated,
    searches_to_success: first === -1 ? null : first + 1,
    time_to_success_ms: satisfiedAtMs === null ? null : Math.max(0, satisfiedAtMs - startMs),
  }
}

function clicksRow({ user, session, reason, version }: ClosedSession, orphans: readonly OrphanClick[]): ClicksRow {
  return {
    pk: rowPartition(user),
    sk: sessionRowKey(session),
    kind: 'clicks',
    schema: ROW_SCHEMA,
    user,
    session_id: sessionId(session),
    ...sessionTimes(session),
    ...orphanCounts(orphans),
    close_reason: reason,
    continues_session_id: session.continues,
    version,
  }
}

function sessionRowKey(session: Session): string {
  return `session#${sessionId(session)}`
}

function sessionTimes(session: Session) {
  const startMs = firstEvent(session).timeMs
  const endMs = endOf(session)
  const start = isoTime(startMs)
  return { start, end: isoTime(endMs), duration_ms: endMs - startMs, day: dayOfTime(start), hour: hourOfTime(start) }
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
