// What the rollups tell CloudWatch: a report in, metrics out.

import type { Metrics } from '../contract.ts'
import type { RollupReport } from './rollup.ts'

export function rollupMetrics(report: RollupReport): Metrics {
  return { RollupsUnfinished: report.isUnfinished ? 1 : 0 }
}
