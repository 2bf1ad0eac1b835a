// Compares measured capacity units with the committed ones, so that a test can fail when one rises.

import type { Cost, CostReport } from './cost.ts'

/** Counts by log and by purpose. */
export type CommittedUnits = Readonly<Record<string, Readonly<Record<string, number>>>>

export function unitsOf({ standard, deployed, alone, long, realistic, real }: CostReport): CommittedUnits {
  const named = (name: string, costs: Readonly<Record<string, Cost>>) =>
    Object.entries(costs).map(([b, cost]) => [`${name} ${b}`, counted(cost)] as const)
  return Object.fromEntries([
    ...named('standard', standard),
    ...named('deployed', deployed),
    ['alone', counted(alone)],
    ...named('long', long),
    ['realistic', counted(realistic)],
    ...(real === null ? [] : [['real', counted(real)] as const]),
  ])
}

/**
 * Adds the sum of all writes, because a write that moves to another purpose must not seem cheaper.
 */
function counted({ write, batch, results, read, userBatches }: Cost): Readonly<Record<string, number>> {
  const allWrites = Math.round((write + batch + results) * 1000) / 1000
  return { write, batch, results, allWrites, read, userBatches }
}

export interface UnitChanges {
  readonly risen: readonly string[]
  readonly fallen: readonly string[]
}

/** Compares the measured logs only. A count that was never committed has risen. */
export function compareUnits(measured: CommittedUnits, committed: CommittedUnits): UnitChanges {
  const risen: string[] = []
  const fallen: string[] = []
  for (const [log, counts] of Object.entries(measured)) {
    for (const [what, count] of Object.entries(counts)) {
      const before = committed[log]?.[what]
      const change = `${log}: ${what} ${before} -> ${count}`
      if (before === undefined || count > before) risen.push(change)
      else if (count < before) fallen.push(change)
    }
  }
  return { risen, fallen }
}
