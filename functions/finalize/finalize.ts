// Writes the result rows of changed closed sessions, and removes the rows that such a session no
// longer has.

import pMap from 'p-map'
import type { Digest } from '../domain/events/event.ts'
import type { ResultRow } from '../domain/results/result.ts'
import { toRows } from '../domain/results/result-rows.ts'
import { hourOf } from '../domain/results/rollup.ts'
import type { RowRules } from '../domain/results/search-rows.ts'
import type { ClosedChange, SessionStore } from '../ports.ts'
import { type DirtyHours, type ResultStore, rowTombstoneExpiresAt } from '../result-ports.ts'
import { countOutcomes, type FinalizeReport, type Order, type Outcome, type Rows } from './finalize-report.ts'

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

export interface FinalizeSettings extends RowRules {
  readonly resultRetentionMs: number
}

const ROWS_AT_ONCE = 16

/** Sessions whose changes are handled at the same time. */
const SESSIONS_AT_ONCE = 16

/**
 * Handles the changes of one session in order, and those of different sessions side by side. Each
 * row carries the version of its closed session, and is written and removed by version. So changes
 * may be redelivered, late or in any order, and the rows end as those of the latest change. Lambda
 * redelivers the first change that fails and all after it, so those are not counted. Throws when it
 * cannot mark the dirty hours.
 */
export async function finalize(
  changes: readonly ClosedChange[],
  ports: FinalizePorts,
  settings: FinalizeSettings,
  nowMs: number,
): Promise<FinalizeReport> {
  const hours = new Set<string>()
  const outcomes = await finalizeSessions(changes, ports, settings, nowMs, hours)
  // Mark after the rows are written, so that a rollup that ran meanwhile sums again. After a
  // failure, the retry marks the hours of the remaining changes.
  await ports.dirtyHours.mark([...hours].map((of) => ({ kind: 'hour', of, atMs: nowMs })))
  return countOutcomes(changes, outcomes)
}

/** @param hours receives every hour of which a row may have changed, of a failed change too. */
async function finalizeSessions(
  changes: readonly ClosedChange[],
  ports: FinalizePorts,
  settings: FinalizeSettings,
  nowMs: number,
  hours: Set<string>,
): Promise<ReadonlyMap<ClosedChange, Outcome>> {
  const outcomes = new Map<ClosedChange, Outcome>()
  const finalizeSession = async (ofSession: readonly ClosedChange[]): Promise<void> => {
    for (const change of ofSession) {
      // Stop before Lambda's timeout: a retry of this batch may already be running then.
      const outcome = ports.hasTime()
        ? await finalizeOne(change, ports, settings, nowMs, hours)
        : { errors: [new Error('the time is up')] }
      outcomes.set(change, outcome)
      if ('errors' in outcome) return
    }
  }
  const bySession = new Map<string, ClosedChange[]>()
  for (const change of changes) {
    const key = JSON.stringify([change.user, change.id])
    const known = bySession.get(key)
    if (known === undefined) bySession.set(key, [change])
    else known.push(change)
  }
  await pMap(bySession.values(), finalizeSession, { concurrency: SESSIONS_AT_ONCE })
  return outcomes
}

function rowsOf(change: ClosedChange, digest: Digest, rules: RowRules): Rows {
  const before = change.before === null ? [] : toRows(change.before, digest, rules)
  const after = change.after === null ? [] : toRows(change.after, digest, rules)
  const keysAfter = new Set(after.map((row) => row.sk))
  return { before, after, gone: before.filter((row) => !keysAfter.has(row.sk)) }
}

/**
 * Reads the order before it writes. A change that is stored after that read leaves row tombstones
 * for the rows that the session loses. So no write of this change can bring such a row back.
 */
async function finalizeOne(
  change: ClosedChange,
  { sessions, results, digest }: FinalizePorts,
  settings: FinalizeSettings,
  nowMs: number,
  hours: Set<string>,
): Promise<Outcome> {
  const rows = rowsOf(change, digest, settings)
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
  const keysBefore = new Set(rows.before.map(({ sk }) => sk))
  const errors = [
    ...(await forEachRow(written, (row) =>
      results.put(row, nowMs + settings.resultRetentionMs, keysBefore.has(row.sk)),
    )),
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
