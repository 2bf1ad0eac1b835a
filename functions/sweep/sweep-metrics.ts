// What the sweep tells CloudWatch: a report in, metrics out.

import type { Metrics } from '../contract.ts'
import type { SweepReport } from './sweep.ts'

/** A drain does not look at the horizon. */
export function sweepMetrics(report: SweepReport, drain: boolean): Metrics {
  return {
    ...(!drain && { HorizonLag: report.lagMs }),
    ...(report.usersOpen !== null && { UsersOpen: report.usersOpen }),
    Closings: report.closed,
    Conflicts: report.conflicts,
    SweepsUnfinished: report.isUnfinished ? 1 : 0,
    SweepFailures: report.failed === null ? 0 : 1,
  }
}
