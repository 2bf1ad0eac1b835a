// Unit counts that may not rise: a report and the committed numbers in, which rose and which fell out.

import type { Cost, CostReport } from './cost.ts'

/** By log, then by what is counted. */
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

/** With all writes together, so that none is hidden by being told as another's. */
function counted({ write, batch, results, read, userBatches }: Cost): Readonly<Record<string, number>> {
  return { write, batch, results, allWrites: Math.round((write + batch + results) * 1000) / 1000, read, userBatches }
}

export interface UnitChanges {
  readonly risen: readonly string[]
  readonly fallen: readonly string[]
}

/** What is not among the measured is not compared. */
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
