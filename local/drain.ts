// Draining: the sweep function in, every session closed by it out; the rollup function in, everything summed up out.

import type { RollupReport } from '../functions/rollup/rollup.ts'
import type { SweepReport } from '../functions/sweep/sweep.ts'
import { FunctionError, type FunctionProcess } from './function-process.ts'

const DRAINS_MAX = 1000

type DrainReport = Pick<SweepReport, 'closed' | 'conflicts' | 'isUnfinished' | 'stoppedAtMs'>

export async function drainSessions(sweep: FunctionProcess): Promise<void> {
  const isDone = ({ closed, conflicts, isUnfinished }: DrainReport): boolean =>
    closed === 0 && conflicts === 0 && !isUnfinished
  if (!(await drained(sweep, isDone))) throw new Error(`sessions are still open after ${DRAINS_MAX} drains`)
}

export async function drainRollups(rollup: FunctionProcess): Promise<void> {
  const isDone = ({ conflicts, isUnfinished }: RollupReport): boolean => conflicts === 0 && !isUnfinished
  if (!(await drained<RollupReport & { stoppedAtMs?: null }>(rollup, isDone)))
    throw new Error(`not all is summed up after ${DRAINS_MAX} drains`)
}

async function drained<T extends { readonly stoppedAtMs?: number | null }>(
  invoked: FunctionProcess,
  isDone: (report: T) => boolean,
): Promise<boolean> {
  let fromMs: number | undefined
  for (let drains = 0; drains < DRAINS_MAX; drains++) {
    try {
      const report = (await invoked.invoke({ drain: true, fromMs })) as T
      // One that went on from where another stopped knows nothing of those before.
      if (fromMs === undefined && isDone(report)) return true
      fromMs = report.stoppedAtMs ?? undefined
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error
    }
  }
  return false
}
