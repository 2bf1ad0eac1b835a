// Removes result rows of one user, and marks their hours as dirty.

import pMap from 'p-map'
import type { ResultRow } from './domain/results/result.ts'
import { hourOf } from './domain/results/rollup.ts'
import { type DirtyHours, type ResultStore, rowTombstoneExpiresAt } from './result-ports.ts'

export interface RowRemovalPorts {
  readonly results: Pick<ResultStore, 'rowsOf' | 'remove'>
  readonly dirtyHours: Pick<DirtyHours, 'mark'>
}

const REMOVALS_AT_ONCE = 16

/**
 * Removes the user's rows that `isLost` selects, and returns how many these are. Idempotent. Each
 * row leaves a row tombstone.
 */
export async function removeRows(
  user: string,
  isLost: (row: ResultRow) => boolean,
  { results, dirtyHours }: RowRemovalPorts,
  nowMs: number,
): Promise<number> {
  const expiresAtMs = rowTombstoneExpiresAt(nowMs)
  let removed = 0
  for await (const rows of results.rowsOf(user)) {
    const lost = rows.filter(isLost)
    const hours = [...new Set(lost.map(hourOf))].map((of) => ({ kind: 'hour', of, atMs: nowMs }) as const)
    // Mark before the removal too: after a crash in between, no row would show which hour is dirty.
    await dirtyHours.mark(hours)
    await pMap(lost, (row) => results.remove(row, expiresAtMs), { concurrency: REMOVALS_AT_ONCE })
    await dirtyHours.mark(hours)
    removed += lost.length
  }
  return removed
}
