// Sums the latest version of each row that a pipeline has written, as the rollup does.

import { addCounts, type CountName, type Counts } from '../functions/domain/results/counts.ts'
import type { ResultRow } from '../functions/domain/results/result.ts'
import { sumRows } from '../functions/domain/results/rollup.ts'

/** Rows of so many sessions can be replaced. Those of earlier ones stay in the sums as they are. */
const SESSIONS_MAX = 20_000

interface CountedRow {
  readonly version: number
  readonly counts: Counts
}

export interface RowSums {
  readonly counts: () => Counts
  readonly rows: () => number
  /** Returns false for a version that is not newer than the one in the sums. */
  add(session: string, row: ResultRow): boolean
  /** Takes out the session's rows, except those with one of the sort keys. */
  retain(session: string, sortKeys: ReadonlySet<string>): void
}

export function rowSums(): RowSums {
  let sum: Counts = {}
  let rows = 0
  const rowsOf = new Map<string, Map<string, CountedRow>>()
  const takeOut = ({ counts }: CountedRow): void => {
    const negative = Object.entries(counts).map(([name, count]) => [name as CountName, -count])
    sum = addCounts(sum, Object.fromEntries(negative))
    rows--
  }
  return {
    counts: () => sum,
    rows: () => rows,
    add: (session, row) => {
      const known = rowsOf.get(session) ?? new Map<string, CountedRow>()
      const before = known.get(row.sk)
      if (before !== undefined && before.version >= row.version) return false
      if (before !== undefined) takeOut(before)
      const counted = { version: row.version, counts: sumRows([row]) }
      known.set(row.sk, counted)
      // A session whose rows change again is one of the latest.
      rowsOf.delete(session)
      rowsOf.set(session, known)
      sum = addCounts(sum, counted.counts)
      rows++
      const [oldest] = rowsOf.keys()
      if (rowsOf.size > SESSIONS_MAX && oldest !== undefined) rowsOf.delete(oldest)
      return true
    },
    retain: (session, sortKeys) => {
      const known = rowsOf.get(session)
      for (const [sortKey, row] of known ?? []) {
        if (sortKeys.has(sortKey)) continue
        takeOut(row)
        known?.delete(sortKey)
      }
      if (known?.size === 0) rowsOf.delete(session)
    },
  }
}
