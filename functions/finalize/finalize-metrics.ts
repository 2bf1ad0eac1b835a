// What finalize tells CloudWatch: a report in, metrics out.

import type { Metrics } from '../contract.ts'
import type { FinalizeReport } from './finalize.ts'

export function finalizeMetrics(report: FinalizeReport): Metrics {
  const { gap = 0, app_close = 0, timeout = 0, max_events = 0, max_duration = 0, drain = 0 } = report.closed
  return {
    SessionsClosed: gap + app_close + timeout + max_events + max_duration + drain,
    ClosedByGap: gap,
    ClosedByAppClose: app_close,
    ClosedByTimeout: timeout,
    ClosedByLimit: max_events + max_duration,
    ClosedByDrain: drain,
    SessionsAmended: report.amended,
    Searches: report.searches,
    SearchesWithClick: report.searchesWithClick,
    ZeroResultSearches: report.zeroResultSearches,
    FinalizeFailures: report.failed === null ? 0 : 1,
  }
}
