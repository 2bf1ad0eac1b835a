// Finalizes a user's sessions again from their closed items, for changes that finalize lost.

import type { ResultRow } from '../domain/results/result.ts'
import { rowKeys } from '../domain/results/result-rows.ts'
import type { ClosedItem } from '../ports.ts'
import type { ResultStore } from '../result-ports.ts'
import { removeRows } from '../row-removal.ts'
import { type FinalizePorts, type FinalizeSettings, finalize } from './finalize.ts'

export interface RefinalizePorts extends FinalizePorts {
  readonly results: Pick<ResultStore, 'put' | 'remove' | 'rowsOf'>
  /** Yields pages of all closed sessions and tombstones of the user. Consistent. */
  readonly closedItems: (user: string) => AsyncIterable<readonly ClosedItem[]>
}

export interface RefinalizeReport {
  /** Closed sessions whose rows are complete now. */
  readonly sessions: number
  /** Rows that were removed: of a merged or forgotten session, or of an earlier version of one. */
  readonly rowsRemoved: number
}

/**
 * Writes the rows of every closed session of the user, and then removes the rows that their session
 * has lost. Idempotent, and safe beside finalize. Leaves the rows of sessions whose closed item has
 * expired.
 */
export async function refinalizeUser(
  user: string,
  ports: RefinalizePorts,
  settings: FinalizeSettings,
  nowMs: number,
): Promise<RefinalizeReport> {
  const current = new Map<string, CurrentRows>()
  let sessions = 0
  for await (const items of ports.closedItems(user)) {
    for (const item of items) current.set(item.id, currentRows(item, ports))
    const changes = items.map(({ id, version, closed: after }) => {
      return { sequenceNumber: id, user, id, version, after, before: null }
    })
    const { failed } = await finalize(changes, ports, settings, nowMs)
    if (failed !== null) throw failed.cause
    sessions += items.filter(({ closed }) => closed !== null).length
  }
  const isLost = (row: ResultRow): boolean => {
    const session = current.get(row.session_id)
    return session !== undefined && row.version < session.version && !session.keys.has(row.sk)
  }
  return { sessions, rowsRemoved: await removeRows(user, isLost, ports, nowMs) }
}

interface CurrentRows {
  readonly version: number
  readonly keys: ReadonlySet<string>
}

function currentRows({ version, closed }: ClosedItem, { digest }: RefinalizePorts): CurrentRows {
  return { version, keys: new Set(closed === null ? [] : rowKeys(closed, digest).map(({ sk }) => sk)) }
}
