// The one log line of an invocation: a step's counts and metrics in, JSON out; never a user, a query or a record.

import { METRIC_DIMENSION, METRIC_NAMESPACE, METRIC_UNITS, type MetricName, type Metrics } from '../../contract.ts'

/**
 * CloudWatch makes metrics of the line, by its embedded metric format. Names the error but leaves its fields out: those
 * of the SDK can hold items.
 *
 * @param metrics those that are 0 are left out, but for gauges: what is not told costs nothing.
 */
export function logReport(
  step: string,
  pipelineName: string,
  report: object & { readonly failed?: { readonly cause: unknown } | null },
  metrics: Metrics,
  nowMs: number,
): void {
  const { failed, ...counts } = report
  const line = { step, ...counts, ...embedded(metrics, pipelineName, nowMs) }
  if ((failed?.cause ?? null) === null) console.log(JSON.stringify(line))
  else console.error(JSON.stringify({ ...line, failure: describe(failed?.cause) }))
}

function embedded(metrics: Metrics, pipelineName: string, nowMs: number): object {
  const told = (Object.entries(metrics) as [MetricName, number][]).filter(
    ([name, value]) => value !== 0 || METRIC_UNITS[name] !== 'Count',
  )
  if (told.length === 0) return {}
  const directive = {
    Namespace: METRIC_NAMESPACE,
    Dimensions: [[METRIC_DIMENSION]],
    Metrics: told.map(([name]) => ({ Name: name, Unit: METRIC_UNITS[name] })),
  }
  return {
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
    [METRIC_DIMENSION]: pipelineName,
    ...Object.fromEntries(told),
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
}
