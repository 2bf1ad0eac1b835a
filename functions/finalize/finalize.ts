// Finalize: changes of closed sessions in, their rows written to the results table and the rows they no longer have removed.

import pMap from 'p-map'
import type { Digest } from '../domain/events/event.ts'
import type { ResultRow, SearchRow } from '../domain/results/result.ts'
import { toRows } from '../domain/results/result-rows.ts'
import { type Hour, hourOf } from '../domain/results/rollup.ts'
import type { CloseReason } from '../domain/sessions/clock.ts'
import type { ClosedChange, DirtyHours, ResultStore, SessionStore } from '../ports.ts'

export interface FinalizePorts {
  readonly sessions: Pick<SessionStore, 'closedVersion'>
  readonly results: Pick<ResultStore, 'put' | 'remove'>
  readonly dirtyHours: Pick<DirtyHours, 'mark'>
  readonly digest: Digest
  /** False when Lambda is about to end the function, and will deliver again what it has not done. */
  readonly hasTime: () => boolean
}

export interface FinalizeSettings {
  readonly resultRetentionMs: number
}

export interface FinalizeReport {
  readonly changes: number
  readonly sessions: number
  readonly rowsWritten: number
  readonly rowsRemoved: number
  /** Changes that a later one had overtaken: delivered late or twice. */
  readonly overtaken: number
  /** Sessions closed for the first time, by reason; those closed again are `amended`. */
  readonly closed: Readonly<Partial<Record<CloseReason, number>>>
  readonly amended: number
  /** What the changes added to these counts of the results; less than nothing where they took away. */
  readonly searches: number
  readonly searchesWithClick: number
  readonly zeroResultSearches: number
  readonly failed: { readonly sequenceNumber: string; readonly cause: unknown } | null
}

const ROWS_AT_ONCE = 16

/**
 * In order, up to the first change that fails. Every row carries the version of its closed session and is written and
 * removed by it, so changes may come twice, late or in any order, and the rows end as those of the latest.
 */
export async function finalize(
  changes: readonly ClosedChange[],
  ports: FinalizePorts,
  settings: FinalizeSettings,
  nowMs: number,
): Promise<FinalizeReport> {
  const hours = new Set<Hour>()
  const report = await finalizeEach(changes, ports, nowMs + settings.resultRetentionMs, hours)
  // After the rows: who sums an hour up meanwhile finds it dirtyPeriods again. What failed comes again, and dirtyHours again.
  await ports.dirtyHours.mark([...hours].map((of) => ({ kind: 'hour', of, atMs: nowMs })))
  return report
}

async function finalizeEach(
  changes: readonly ClosedChange[],
  ports: FinalizePorts,
  expiresAtMs: number,
  hours: Set<Hour>,
): Promise<FinalizeReport> {
  const report: Tally = { ...NOTHING_DONE, closed: {} }
  for (const change of changes) {
    // Who is taken for dead must not write beside the repetition.
    if (!ports.hasTime()) {
      return { ...report, failed: { sequenceNumber: change.sequenceNumber, cause: new Error('the time is up') } }
    }
    const rows = rowsOf(change, ports.digest)
    for (const row of [...rows.before, ...rows.after]) hours.add(hourOf(row))
    const { isOvertaken, errors } = await write(change, rows, ports, expiresAtMs)
    if (errors.length > 0) {
      return { ...report, failed: { sequenceNumber: change.sequenceNumber, cause: errors[0] } }
    }
    report.changes++
    report.sessions += rows.after.length > 0 ? 1 : 0
    report.rowsWritten += rows.after.length
    report.rowsRemoved += rows.gone.length
    if (isOvertaken) report.overtaken++
    else tell(change, rows, report)
  }
  return { ...report, failed: null }
}

const NOTHING_DONE = {
  changes: 0,
  sessions: 0,
  rowsWritten: 0,
  rowsRemoved: 0,
  overtaken: 0,
  amended: 0,
  searches: 0,
  searchesWithClick: 0,
  zeroResultSearches: 0,
}

type Tally = { -readonly [count in keyof typeof NOTHING_DONE]: number } & {
  readonly closed: Partial<Record<CloseReason, number>>
}

interface Rows {
  readonly before: readonly ResultRow[]
  readonly after: readonly ResultRow[]
  /** Of those before, what is not among those after. */
  readonly gone: readonly ResultRow[]
}

function rowsOf(change: ClosedChange, digest: Digest): Rows {
  const before = change.before === null ? [] : toRows(change.before, digest)
  const after = change.after === null ? [] : toRows(change.after, digest)
  const kept = new Set(after.map((row) => row.sk))
  return { before, after, gone: before.filter((row) => !kept.has(row.sk)) }
}

/** A change that is delivered twice is told twice: this is for trends, the rows are for the truth. */
function tell({ before, after }: ClosedChange, rows: Rows, report: Tally): void {
  if (after !== null && before !== null) report.amended++
  else if (after !== null) report.closed[after.reason] = (report.closed[after.reason] ?? 0) + 1
  const added = (count: (row: SearchRow) => number): number =>
    searches(rows.after, count) - searches(rows.before, count)
  report.searches += added(() => 1)
  report.searchesWithClick += added((row) => row.clicked)
  report.zeroResultSearches += added((row) => row.zero_results)
}

function searches(rows: readonly ResultRow[], count: (row: SearchRow) => number): number {
  return rows.reduce((sum, row) => sum + (row.kind === 'search' ? count(row) : 0), 0)
}

async function write(
  change: ClosedChange,
  { after, gone }: Rows,
  ports: FinalizePorts,
  expiresAtMs: number,
): Promise<{ isOvertaken: boolean; errors: unknown[] }> {
  const errors = [
    ...(await forEachRow(after, (row) => ports.results.put(row, expiresAtMs))),
    ...(await forEachRow(gone, (row) => ports.results.remove(row, change.version))),
  ]
  const overtaken = await takeBackIfOvertaken(change, after, ports)
  return { isOvertaken: overtaken.isOvertaken, errors: [...errors, ...overtaken.errors] }
}

/**
 * The errors of all rows, once every one is settled: a write that was left under way could land much later, after what it
 * writes was removed.
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

/**
 * A row that the session has lost since would come back with a change delivered late. Asked after the rows are written,
 * and after a failure too: whoever overtakes from now on finds them and removes what is to go.
 */
async function takeBackIfOvertaken(
  change: ClosedChange,
  written: readonly ResultRow[],
  ports: FinalizePorts,
): Promise<{ isOvertaken: boolean; errors: unknown[] }> {
  if (written.length === 0) return { isOvertaken: false, errors: [] }
  try {
    const version = await ports.sessions.closedVersion(change.user, change.id)
    if (version === null || version <= change.version) return { isOvertaken: false, errors: [] }
  } catch (error) {
    return { isOvertaken: false, errors: [error] }
  }
  return {
    isOvertaken: true,
    errors: await forEachRow(written, (row) => ports.results.remove(row, change.version + 1)),
  }
}
