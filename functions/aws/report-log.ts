// The one log line of an invocation: a step's counts and gauges in, JSON out; never a user, a query or a record.

/** CloudWatch finds its metrics there. */
export const METRIC_NAMESPACE = 'SearchSessionCtr'

/** By metric name, in milliseconds. */
export type Gauges = Readonly<Record<string, number>>

/**
 * Names the error but leaves its fields out: those of the SDK can hold items.
 *
 * @param gauges become CloudWatch metrics, by the embedded metric format.
 */
export function logReport(
  step: string,
  report: object & { readonly failed?: { readonly cause: unknown } | null },
  gauges: Gauges = {},
): void {
  const { failed, ...counts } = report
  const line = { ...embedded(gauges), step, ...counts }
  if (failed === undefined || failed === null) console.log(JSON.stringify(line))
  else console.error(JSON.stringify({ ...line, failure: describe(failed.cause) }))
}

function embedded(gauges: Gauges): object {
  const names = Object.keys(gauges)
  if (names.length === 0) return {}
  const metrics = names.map((name) => ({ Name: name, Unit: 'Milliseconds' }))
  const directive = { Namespace: METRIC_NAMESPACE, Dimensions: [[]], Metrics: metrics }
  return { _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] }, ...gauges }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
}
