// What ingest tells CloudWatch: a report in, metrics out.

import type { Metrics } from '../contract.ts'
import type { IngestReport } from './ingest.ts'

/** Late events are what is right and came too late, so they are counted apart. */
export function ingestMetrics(report: IngestReport): Metrics {
  const { late = 0, 'too-late': tooLate = 0, ...rejected } = report.rejected
  return {
    Accepted: report.accepted,
    Duplicates: report.duplicates,
    Rejected: Object.values(rejected).reduce((sum, count) => sum + count, 0),
    Late: late + tooLate,
    Conflicts: report.conflicts,
    IngestFailures: (report.failed?.cause ?? null) === null ? 0 : 1,
  }
}
