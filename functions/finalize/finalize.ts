// Finalize: changes of closed sessions in, their rows written to the results table and the rows they no longer have removed.

import pMap from 'p-map'
import type { Digest } from '../domain/event.ts'
import { type ResultRow, toRows } from '../domain/result.ts'
import type { ClosedChange, ResultStore, SessionStore } from '../ports.ts'

export interface FinalizePorts {
  readonly sessions: Pick<SessionStore, 'closedVersion'>
  readonly results: Pick<ResultStore, 'put' | 'remove'>
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
  const report = { changes: 0, sessions: 0, rowsWritten: 0, rowsRemoved: 0, overtaken: 0 }
  const expiresAtMs = nowMs + settings.resultRetentionMs
  for (const change of changes) {
    // Who is taken for dead must not write beside the repetition.
    if (!ports.hasTime()) {
      return { ...report, failed: { sequenceNumber: change.sequenceNumber, cause: new Error('the time is up') } }
    }
    const { after, gone } = rowsOf(change, ports.digest)
    const errors = [
      ...(await forEachRow(after, (row) => ports.results.put(row, expiresAtMs))),
      ...(await forEachRow(gone, (row) => ports.results.remove(row, change.version))),
      ...(await takeBackIfOvertaken(change, after, ports, report)),
    ]
    if (errors.length > 0) {
      return { ...report, failed: { sequenceNumber: change.sequenceNumber, cause: errors[0] } }
    }
    report.changes++
    report.sessions += after.length > 0 ? 1 : 0
    report.rowsWritten += after.length
    report.rowsRemoved += gone.length
  }
  return { ...report, failed: null }
}

function rowsOf(change: ClosedChange, digest: Digest): { after: ResultRow[]; gone: ResultRow[] } {
  const before = change.before === null ? [] : toRows(change.before, digest)
  const after = change.after === null ? [] : toRows(change.after, digest)
  const kept = new Set(after.map((row) => row.sk))
  return { after, gone: before.filter((row) => !kept.has(row.sk)) }
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
  report: { overtaken: number },
): Promise<unknown[]> {
  if (written.length === 0) return []
  try {
    const version = await ports.sessions.closedVersion(change.user, change.id)
    if (version === null || version <= change.version) return []
  } catch (error) {
    return [error]
  }
  report.overtaken++
  return forEachRow(written, (row) => ports.results.remove(row, change.version + 1))
}
