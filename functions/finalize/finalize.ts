// Finalize: changes of closed sessions in, their rows written to the results table and the rows they no longer have removed.

import pMap from 'p-map'
import type { Digest } from '../domain/event.ts'
import { type ResultRow, toRows } from '../domain/result.ts'
import type { ClosedChange, ResultStore, SessionStore } from '../ports.ts'

export interface FinalizePorts {
  readonly sessions: Pick<SessionStore, 'closedVersion'>
  readonly results: ResultStore
  readonly digest: Digest
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
    try {
      const before = change.before === null ? [] : toRows(change.before, ports.digest)
      const after = change.after === null ? [] : toRows(change.after, ports.digest)
      const kept = new Set(after.map((row) => row.sk))
      const gone = before.filter((row) => !kept.has(row.sk))
      await pMap(after, (row) => ports.results.put(row, expiresAtMs), { concurrency: ROWS_AT_ONCE })
      await removeRows(gone, change.version, ports.results)
      report.changes++
      report.sessions += after.length > 0 ? 1 : 0
      report.rowsWritten += after.length
      report.rowsRemoved += gone.length
      if (after.length > 0 && (await isOvertaken(change, ports))) {
        // A row that the session has lost since would otherwise come back with a change delivered late.
        await removeRows(after, change.version + 1, ports.results)
        report.overtaken++
      }
    } catch (cause) {
      return { ...report, failed: { sequenceNumber: change.sequenceNumber, cause } }
    }
  }
  return { ...report, failed: null }
}

/** Asked after the rows are written: whoever overtakes from now on finds them and removes what is to go. */
async function isOvertaken(change: ClosedChange, ports: FinalizePorts): Promise<boolean> {
  const version = await ports.sessions.closedVersion(change.user, change.id)
  return version !== null && version > change.version
}

async function removeRows(rows: readonly ResultRow[], olderThanVersion: number, results: ResultStore): Promise<void> {
  await pMap(rows, (row) => results.remove(row, olderThanVersion), { concurrency: ROWS_AT_ONCE })
}
