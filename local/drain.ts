// Draining: the sweep function in, every session closed by it out.

import type { SweepReport } from '../functions/sweep/sweep.ts'
import { FunctionError, type FunctionProcess } from './function-process.ts'

const DRAINS_MAX = 1000

type DrainReport = Pick<SweepReport, 'closed' | 'conflicts' | 'isUnfinished'>

export async function drainSessions(sweep: FunctionProcess): Promise<void> {
  for (let drains = 0; drains < DRAINS_MAX; drains++) {
    try {
      const report = (await sweep.invoke({ drain: true })) as DrainReport
      if (report.closed === 0 && report.conflicts === 0 && !report.isUnfinished) return
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error
    }
  }
  throw new Error(`sessions are still open after ${DRAINS_MAX} drains`)
}
