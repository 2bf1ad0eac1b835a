// Checks that the published rows of a user are those of the oracle's sessions.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import type { ResultRow } from '../functions/domain/results/result.ts'
import { toRows } from '../functions/domain/results/result-rows.ts'
import type { RowRules } from '../functions/domain/results/search-rows.ts'
import { type Session, sessionId } from '../functions/domain/sessions/session.ts'
import type { OracleSession } from './oracle.ts'
import { type OracleResults, oracleResults } from './oracle-results.ts'
import { type OracleSuccess, oracleSuccess } from './oracle-success.ts'

/**
 * The row without its version and session ids. Those depend on the order in which events arrived,
 * which the oracle does not know.
 */
function withoutIds(row: ResultRow): string {
  const { session_id, version, ...rest } = row
  if (rest.kind === 'search') return JSON.stringify(rest)
  const { sk, continues_session_id, ...counts } = rest
  return JSON.stringify(counts)
}

/** The counts in the rows of one session, in the form of the oracle. */
export function countsIn(rows: readonly ResultRow[]): OracleResults {
  const ofSession = rows.find((row) => row.kind !== 'search')
  return {
    searches: rows
      .filter((row) => row.kind === 'search')
      .map((row) => ({
        eventId: row.event_id,
        resultCount: row.result_count,
        clicks: row.clicks,
        positions: row.clicked_positions === '' ? [] : row.clicked_positions.split(',').map(Number),
        labels: Object.entries(row.labels ?? {}).sort(),
      })),
    orphans: {
      search_elsewhere: ofSession?.orphan_clicks_search_elsewhere ?? 0,
      no_search: ofSession?.orphan_clicks_no_search ?? 0,
    },
  }
}

/** The satisfaction in the rows of one session, in the form of the oracle. */
export function successIn(rows: readonly ResultRow[]): OracleSuccess {
  const ofSession = rows.find((row) => row.kind === 'session')
  return {
    searches: rows
      .filter((row) => row.kind === 'search')
      .map((row) => ({
        eventId: row.event_id,
        satisfaction: row.satisfaction,
        satisfiedClicks: row.satisfied_clicks,
        unknownClicks: row.unknown_dwell_clicks,
        reformulated: row.reformulated,
      })),
    session:
      ofSession === undefined
        ? null
        : {
            satisfied: ofSession.satisfied_searches,
            unknown: ofSession.unknown_satisfaction_searches,
            unsatisfied: ofSession.unsatisfied_searches,
            reformulated: ofSession.reformulated_searches,
            searchesToSuccess: ofSession.searches_to_success,
            timeToSuccessMs: ofSession.time_to_success_ms,
          },
  }
}

export function checkRows(
  user: string,
  published: readonly ResultRow[],
  sessions: readonly Session[],
  expected: readonly OracleSession[],
  rowRules: RowRules,
  report: (what: string) => void,
): void {
  const ids = new Set(sessions.map(sessionId))
  const stray = published.find((row) => !ids.has(row.session_id))
  if (stray !== undefined) report(`row ${stray.sk} belongs to no session`)
  const rows = expected.flatMap(({ events, ended }, n) => {
    const next = expected[n + 1]
    const isLimited = ended === 'max_events' || ended === 'max_duration'
    const limitedBy = isLimited && next !== undefined ? { limit: ended, atMs: next.events[0].timeMs } : null
    const session: Session = { ids: ['any'], continues: null, limitedBy, events }
    const own = toRows({ user, session, reason: ended, version: 0 }, sha256, rowRules)
    const isEqual =
      JSON.stringify(countsIn(own)) === JSON.stringify(oracleResults(events, rowRules.segments)) &&
      JSON.stringify(successIn(own)) === JSON.stringify(oracleSuccess(events, rowRules))
    if (!isEqual)
      report(`the rows of ${events.map(({ eventId }) => eventId).join(' ')} differ from those of the oracle`)
    return own
  })
  const wanted = rows.map(withoutIds).sort()
  const got = published.map(withoutIds).sort()
  const missing = wanted.find((row) => !got.includes(row))
  const surplus = got.find((row) => !wanted.includes(row))
  if (missing !== undefined) report(`there is no row ${missing}`)
  if (surplus !== undefined) report(`there is a row ${surplus}`)
  if (missing === undefined && surplus === undefined && got.length !== wanted.length) report('a row is there twice')
}
