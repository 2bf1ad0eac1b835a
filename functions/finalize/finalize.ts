// Writes the result rows of changed closed sessions, and removes the rows that such a session no
// longer has.

import pMap from 'p-map'
import type { MetricName, Metrics } from '../contract.ts'
import type { Digest } from '../domain/events/event.ts'
import { ORPHAN_CAUSES, type OrphanCause } from '../domain/results/attribution.ts'
import type { ResultRow, SearchRow } from '../domain/results/result.ts'
import { toRows } from '../domain/results/result-rows.ts'
import { hourOf } from '../domain/results/rollup.ts'
import type { CloseReason } from '../domain/sessions/clock.ts'
import type { ClosedChange, SessionStore } from '../ports.ts'
import { type DirtyHours, type ResultStore, rowTombstoneExpiresAt } from '../result-ports.ts'

export interface FinalizePorts {
  readonly sessions: Pick<SessionStore, 'closedVersion'>
  readonly results: Pick<ResultStore, 'put' | 'remove'>
  readonly dirtyHours: Pick<DirtyHours, 'mark'>
  readonly digest: Digest
  /**
   * Returns false shortly before Lambda ends the function. Lambda then delivers the other changes
   * again.
   */
  readonly hasTime: () => boolean
}

export interface FinalizeSettings {
  readonly resultRetentionMs: number
}

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

const ROWS_AT_ONCE = 16

/**
 * Handles the changes in order, up to the first one that fails. Each row carries the version of its
 * closed session, and is written and removed by version. So changes may be redelivered, late or in
 * any order, and the rows end as those of the latest change. Throws when it cannot mark the dirty
 * hours.
 */
export async function finalize(
  changes: readonly ClosedChange[],
  ports: FinalizePorts,
  settings: FinalizeSettings,
  nowMs: number,
): Promise<FinalizeReport> {
  const hours = new Set<string>()
  const report = await finalizeEach(changes, ports, settings, nowMs, hours)
  // Mark after the rows are written, so that a rollup that ran meanwhile sums again. After a
  // failure, the retry marks the hours of the remaining changes.
  await ports.dirtyHours.mark([...hours].map((of) => ({ kind: 'hour', of, atMs: nowMs })))
  return report
}

/** @param hours receives every hour of which a row may have changed, of a failed change too. */
async function finalizeEach(
  changes: readonly ClosedChange[],
  ports: FinalizePorts,
  settings: FinalizeSettings,
  nowMs: number,
  hours: Set<string>,
): Promise<FinalizeReport> {
  const counts: Counts = { ...NO_COUNTS, closed: {}, orphanClicks: { search_elsewhere: 0, no_search: 0 } }
  const refused: string[] = []
  for (const change of changes) {
    // Stop before Lambda's timeout: a retry of this batch may already be running then.
    const outcome = ports.hasTime()
      ? await finalizeOne(change, ports, settings, nowMs, hours)
      : { errors: [new Error('the time is up')] }
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
  clicks: 0,
}

type Counts = { -readonly [count in keyof typeof NO_COUNTS]: number } & {
  readonly closed: Partial<Record<CloseReason, number>>
  readonly orphanClicks: Record<OrphanCause, number>
}

interface Rows {
  readonly before: readonly ResultRow[]
  readonly after: readonly ResultRow[]
  /** The rows of `before` whose keys `after` no longer has. */
  readonly gone: readonly ResultRow[]
}

function rowsOf(change: ClosedChange, digest: Digest): Rows {
  const before = change.before === null ? [] : toRows(change.before, digest)
  const after = change.after === null ? [] : toRows(change.after, digest)
  const keysAfter = new Set(after.map((row) => row.sk))
  return { before, after, gone: before.filter((row) => !keysAfter.has(row.sk)) }
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

/**
 * Whether the change is the latest of its session, or a later one overtook it: it came late or
 * twice. Unknown once the closed session or tombstone has expired.
 */
type Order = 'latest' | 'overtaken' | 'unknown'

/**
 * Reads the order before it writes. A change that is stored after that read leaves row tombstones
 * for the rows that the session loses. So no write of this change can bring such a row back.
 */
async function finalizeOne(
  change: ClosedChange,
  { sessions, results, digest }: FinalizePorts,
  { resultRetentionMs }: FinalizeSettings,
  nowMs: number,
  hours: Set<string>,
): Promise<{ readonly order: Order; readonly rows: Rows } | { readonly errors: readonly unknown[] }> {
  const rows = rowsOf(change, digest)
  if (rows.after.length + rows.gone.length === 0) return { order: 'latest', rows }
  let order: Order
  try {
    order = await orderOf(change, sessions, nowMs)
  } catch (error) {
    return { errors: [error] }
  }
  if (order === 'unknown') return { order, rows }
  for (const row of [...rows.before, ...rows.after]) hours.add(hourOf(row))
  const written = order === 'latest' ? rows.after : []
  const errors = [
    ...(await forEachRow(written, (row) => results.put(row, nowMs + resultRetentionMs))),
    // Also if the change is overtaken: only this change knows the rows before it.
    ...(await forEachRow(rows.gone, (row) => results.remove(row, rowTombstoneExpiresAt(nowMs)))),
  ]
  return errors.length > 0 ? { errors } : { order, rows }
}

async function orderOf(
  { user, id, version }: ClosedChange,
  sessions: FinalizePorts['sessions'],
  nowMs: number,
): Promise<Order> {
  const stored = await sessions.closedVersion(user, id, nowMs)
  if (stored === null) return 'unknown'
  return stored > version ? 'overtaken' : 'latest'
}

/**
 * Returns the errors of all rows once every write has ended. A write still under way could land
 * much later, after a later change has removed its row.
 */
async function forEachRow(rows: readonly ResultRow[], each: (row: ResultRow) => Promise<void>): Promise<unknown[]> {
  const outcomes = await pMap(
    rows,
    (row) =>
      each(row).then(
        () => [],
        (error: unknown) => [error],
      ),
    { concurrency: ROWS_AT_ONCE },
  )
  return outcomes.flat()
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
    Clicks: report.clicks,
    OrphanClicksSearchElsewhere: report.orphanClicks.search_elsewhere,
    OrphanClicksNoSearch: report.orphanClicks.no_search,
    FinalizeFailures: report.failed === null ? 0 : 1,
  }
}
