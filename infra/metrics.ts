// The metrics that alarms and the dashboard read: what the functions tell, and what Lambda and DynamoDB tell of them.

import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { EventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import type { Duration } from 'aws-cdk-lib/core'
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRIC_UNITS, type MetricName } from '../functions/contract.ts'

export interface OwnMetrics {
  /** Counts as sums, gauges as the largest. */
  of(name: MetricName, period: Duration, label?: string): Metric
}

export function ownMetrics(pipelineName: string): OwnMetrics {
  return {
    of: (name, period, label) =>
      new Metric({
        namespace: METRIC_NAMESPACE,
        metricName: name,
        dimensionsMap: { [METRIC_DIMENSION]: pipelineName },
        statistic: METRIC_UNITS[name] === 'Count' ? Stats.SUM : Stats.MAXIMUM,
        period,
        ...(label !== undefined && { label }),
      }),
  }
}

/** Events of batches that were given up, kept as dead letters or not. */
export function givenUp(mappings: readonly EventSourceMapping[], period: Duration): IMetric {
  const of = (metricName: string, mapping: EventSourceMapping): Metric =>
    new Metric({
      namespace: 'AWS/Lambda',
      metricName,
      dimensionsMap: { EventSourceMappingUUID: mapping.eventSourceMappingId },
      statistic: Stats.SUM,
      period,
    })
  const each = mappings.flatMap((mapping) => [
    of('OnFailureDestinationDeliveredEventCount', mapping),
    of('DroppedEventCount', mapping),
  ])
  return sumOf(each, period, 'events given up')
}

/** Requests that tables and their indexes refused since they came too fast. */
export function throttledRequests(from: readonly TableOrIndex[], period: Duration): IMetric {
  const of = (metricName: string, [table, index]: TableOrIndex): Metric =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: dimensionsOf([table, index]),
      statistic: Stats.SUM,
      period,
    })
  const each = from.flatMap((one) => [of('ReadThrottleEvents', one), of('WriteThrottleEvents', one)])
  return sumOf(each, period, 'throttled requests')
}

/** A table itself, or the index of it that has this name. */
export type TableOrIndex = readonly [table: TableV2, index: string | null]

function dimensionsOf([table, index]: TableOrIndex): Record<string, string> {
  return { TableName: table.tableName, ...(index !== null && { GlobalSecondaryIndexName: index }) }
}

export function writeUnits(from: TableOrIndex, period: Duration, label: string): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName: 'ConsumedWriteCapacityUnits',
    dimensionsMap: dimensionsOf(from),
    statistic: Stats.SUM,
    period,
    label,
  })
}

/** Of metrics, not of expressions. What one of them has no value for counts as nothing. */
export function sumOf(metrics: readonly Metric[], period: Duration, label: string): MathExpression {
  const named = metrics.map((metric, n): [string, IMetric] => [`m${n}`, metric])
  return new MathExpression({
    expression: named.map(([name]) => `FILL(${name}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(named),
    period,
    label,
  })
}

/** In percent; where there is nothing of the whole, nothing. */
export function shareOf(part: Metric, whole: Metric, period: Duration, label: string): MathExpression {
  return new MathExpression({
    expression: `IF(${idOf(whole)} > 0, 100 * FILL(${idOf(part)}, 0) / ${idOf(whole)})`,
    usingMetrics: { [idOf(part)]: part, [idOf(whole)]: whole },
    period,
    label,
  })
}

/** One graph may name a metric only once. */
function idOf({ metricName }: Metric): string {
  return metricName.charAt(0).toLowerCase() + metricName.slice(1)
}
