// Logs one line of JSON for each invocation: counts and metrics, never a user, query or record.

import { METRIC_DIMENSION, METRIC_NAMESPACE, METRIC_UNITS, type MetricName, type Metrics } from '../../contract.ts'

type Report = object & {
  readonly failed?: { readonly cause: unknown } | null
  readonly unreadable?: { readonly count: number; readonly cause: unknown } | null
}

/**
 * Logs the report in CloudWatch's embedded metric format, which turns the metrics in the line into
 * metrics of the pipeline. Logs a failure by its name and message only: the other fields of an SDK
 * error may hold items.
 *
 * @param metrics counts of 0 are left out, since CloudWatch bills a metric for each hour in which
 * it is emitted.
 */
export function logReport(step: string, pipelineName: string, report: Report, metrics: Metrics, nowMs: number): void {
  const { failed, unreadable, ...counts } = report
  const items = unreadable && { unreadable: unreadable.count, unreadableCause: describe(unreadable.cause) }
  const line = { step, ...counts, ...items, ...embedded(metrics, pipelineName, nowMs) }
  if ((failed?.cause ?? null) === null) console.log(JSON.stringify(line))
  else console.error(JSON.stringify({ ...line, failure: describe(failed?.cause) }))
}

function embedded(metrics: Metrics, pipelineName: string, nowMs: number): object {
  const emitted = (Object.entries(metrics) as [MetricName, number][]).filter(
    ([name, value]) => value !== 0 || METRIC_UNITS[name] !== 'Count',
  )
  if (emitted.length === 0) return {}
  const directive = {
    Namespace: METRIC_NAMESPACE,
    Dimensions: [[METRIC_DIMENSION]],
    Metrics: emitted.map(([name]) => ({ Name: name, Unit: METRIC_UNITS[name] })),
  }
  return {
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
    [METRIC_DIMENSION]: pipelineName,
    ...Object.fromEntries(emitted),
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
}
