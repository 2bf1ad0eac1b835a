// Counts what finalize has done with the changes of a batch, and makes metrics of the counts.

import type { MetricName, Metrics } from '../contract.ts'
import { ORPHAN_CAUSES, type OrphanCause } from '../domain/results/attribution.ts'
import type { ResultRow, SearchRow } from '../domain/results/result.ts'
import type { CloseReason } from '../domain/sessions/clock.ts'
import type { ClosedChange } from '../ports.ts'

/** The counts of one batch, as the function's log line prints them. */
export interface FinalizeReport {
  /** Changes that are done. */
  readonly changes: number
  /** Changes after which their session has a search. */
  readonly sessions: number
  readonly rowsWritten: number
  readonly rowsRemoved: number
  /** Changes that came after a later change of the same session: delivered late or twice. */
  readonly overtaken: number
  /** Sessions that closed for the first time, by reason. */
  readonly closed: Readonly<Partial<Record<CloseReason, number>>>
  /** Sessions that closed again. */
  readonly amended: number
  /** Searches after the changes less searches before. */
  readonly searches: number
  /** Searches with a click after the changes less those before. */
  readonly searchesWithClick: number
  /** Searches without results after the changes less those before. */
  readonly zeroResultSearches: number
  /** Satisfied searches after the changes less those before (M2). */
  readonly satisfiedSearches: number
  /** Searches whose satisfaction is unknown after the changes less those before (M2). */
  readonly unknownSatisfactionSearches: number
  /** Reformulated searches after the changes less those before (M3). */
  readonly reformulatedSearches: number
  /** Clicks that belong to a search after the changes less those before. */
  readonly clicks: number
  /** Clicks that belong to no search after the changes less those before, by cause (R8). */
  readonly orphanClicks: Readonly<Record<OrphanCause, number>>
  /**
   * The sequence numbers of the changes that finalize refused: their closed session or tombstone
   * has expired, so nothing shows any more whether a later change came. Only a redrive sends such
   * changes.
   */
  readonly refused: readonly string[]
  readonly failed: { readonly sequenceNumber: string; readonly cause: unknown } | null
}

/** The rows of a change's session. */
export interface Rows {
  readonly before: readonly ResultRow[]
  readonly after: readonly ResultRow[]
  /** The rows of `before` whose keys `after` no longer has. */
  readonly gone: readonly ResultRow[]
}

/**
 * Whether the change is the latest of its session, or a later one overtook it: it came late or
 * twice. Unknown once the closed session or tombstone has expired.
 */
export type Order = 'latest' | 'overtaken' | 'unknown'

export type Outcome = { readonly order: Order; readonly rows: Rows } | { readonly errors: readonly unknown[] }

/** Counts the changes up to the first one that failed. */
export function countOutcomes(
  changes: readonly ClosedChange[],
  outcomes: ReadonlyMap<ClosedChange, Outcome>,
): FinalizeReport {
  const counts: Counts = { ...NO_COUNTS, closed: {}, orphanClicks: { search_elsewhere: 0, no_search: 0 } }
  const refused: string[] = []
  for (const change of changes) {
    const outcome = outcomes.get(change) as Outcome
    if ('errors' in outcome)
      return { ...counts, refused, failed: { sequenceNumber: change.sequenceNumber, cause: outcome.errors[0] } }
    const { order, rows } = outcome
    counts.changes++
    if (order === 'unknown') refused.push(change.sequenceNumber)
    else counts.rowsRemoved += rows.gone.length
    if (order === 'overtaken') counts.overtaken++
    if (order === 'latest') countChange(change, rows, counts)
  }
  return { ...counts, refused, failed: null }
}

const NO_COUNTS = {
  changes: 0,
  sessions: 0,
  rowsWritten: 0,
  rowsRemoved: 0,
  overtaken: 0,
  amended: 0,
  searches: 0,
  searchesWithClick: 0,
  zeroResultSearches: 0,
  satisfiedSearches: 0,
  unknownSatisfactionSearches: 0,
  reformulatedSearches: 0,
  clicks: 0,
}

type Counts = { -readonly [count in keyof typeof NO_COUNTS]: number } & {
  readonly closed: Partial<Record<CloseReason, number>>
  readonly orphanClicks: Record<OrphanCause, number>
}

/** Metrics may count a redelivered change twice; the rows never do. */
function countChange({ before, after }: ClosedChange, rows: Rows, counts: Counts): void {
  counts.sessions += rows.after.some((row) => row.kind === 'session') ? 1 : 0
  counts.rowsWritten += rows.after.length
  if (after !== null && before !== null) counts.amended++
  else if (after !== null) counts.closed[after.reason] = (counts.closed[after.reason] ?? 0) + 1
  const added = (count: (row: SearchRow) => number): number =>
    sumSearches(rows.after, count) - sumSearches(rows.before, count)
  counts.searches += added(() => 1)
  counts.searchesWithClick += added((row) => row.clicked)
  counts.zeroResultSearches += added((row) => row.zero_results)
  counts.satisfiedSearches += added((row) => (row.satisfaction === 'satisfied' ? 1 : 0))
  counts.unknownSatisfactionSearches += added((row) => (row.satisfaction === 'unknown' ? 1 : 0))
  counts.reformulatedSearches += added((row) => row.reformulated)
  counts.clicks += added((row) => row.clicks)
  for (const cause of ORPHAN_CAUSES) {
    counts.orphanClicks[cause] += sumOrphans(rows.after, cause) - sumOrphans(rows.before, cause)
  }
}

function sumSearches(rows: readonly ResultRow[], count: (row: SearchRow) => number): number {
  return rows.reduce((sum, row) => sum + (row.kind === 'search' ? count(row) : 0), 0)
}

function sumOrphans(rows: readonly ResultRow[], cause: OrphanCause): number {
  return rows.reduce((sum, row) => sum + (row.kind === 'search' ? 0 : row[`orphan_clicks_${cause}`]), 0)
}

const CLOSED_METRICS = {
  gap: 'ClosedByGap',
  app_close: 'ClosedByAppClose',
  timeout: 'ClosedByTimeout',
  max_events: 'ClosedByLimit',
  max_bytes: 'ClosedByLimit',
  max_duration: 'ClosedByLimit',
  drain: 'ClosedByDrain',
} as const satisfies Record<CloseReason, MetricName>

export function finalizeMetrics(report: FinalizeReport): Metrics {
  const byMetric: Partial<Record<MetricName, number>> = {}
  for (const [reason, metric] of Object.entries(CLOSED_METRICS) as [CloseReason, MetricName][])
    byMetric[metric] = (byMetric[metric] ?? 0) + (report.closed[reason] ?? 0)
  return {
    SessionsClosed: Object.values(report.closed).reduce((sum, count) => sum + count, 0),
    ...byMetric,
    SessionsAmended: report.amended,
    Searches: report.searches,
    SearchesWithClick: report.searchesWithClick,
    ZeroResultSearches: report.zeroResultSearches,
    SearchesSatisfied: report.satisfiedSearches,
    SearchesOfUnknownSatisfaction: report.unknownSatisfactionSearches,
    SearchesReformulated: report.reformulatedSearches,
    Clicks: report.clicks,
    OrphanClicksSearchElsewhere: report.orphanClicks.search_elsewhere,
    OrphanClicksNoSearch: report.orphanClicks.no_search,
    FinalizeFailures: report.failed === null ? 0 : 1,
  }
}
