// Names the metrics that alarms and the dashboard read, of the functions, Lambda and DynamoDB.

import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { EventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import type { Duration } from 'aws-cdk-lib/core'
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRIC_UNITS, type MetricName } from '../functions/contract.ts'

/** The metrics that the functions emit. */
export interface OwnMetrics {
  /** Sums counts over a period, and takes the maximum of other metrics. */
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

/** The events in batches that Lambda gave up, stored as dead letters or not. */
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

/** The requests that tables and their indexes throttled. */
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

/** A table, or one of its indexes by name. */
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

/** Adds metrics up. A metric without a value in a period counts as 0. */
export function sumOf(metrics: readonly Metric[], period: Duration, label: string): MathExpression {
  const named = metrics.map((metric, n): [string, IMetric] => [`m${n}`, metric])
  return new MathExpression({
    expression: named.map(([name]) => `FILL(${name}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(named),
    period,
    label,
  })
}

/** The part in percent of the whole. It has no value where the whole is 0. */
export function shareOf(part: Metric, whole: Metric, period: Duration, label: string): MathExpression {
  return new MathExpression({
    expression: `IF(${idOf(whole)} > 0, 100 * FILL(${idOf(part)}, 0) / ${idOf(whole)})`,
    usingMetrics: { [idOf(part)]: part, [idOf(whole)]: whole },
    period,
    label,
  })
}

/** Satisfied searches in percent of those that are not of unknown satisfaction (M2). */
export function satisfiedRate(own: OwnMetrics, period: Duration): MathExpression {
  return new MathExpression({
    expression: 'IF(searches > FILL(unknown, 0), 100 * FILL(satisfied, 0) / (searches - FILL(unknown, 0)))',
    usingMetrics: {
      searches: own.of('Searches', period),
      satisfied: own.of('SearchesSatisfied', period),
      unknown: own.of('SearchesOfUnknownSatisfaction', period),
    },
    period,
    label: 'satisfied searches',
  })
}

/** The metric's name as an id of an expression. A graph accepts each id once. */
function idOf({ metricName }: Metric): string {
  return metricName.charAt(0).toLowerCase() + metricName.slice(1)
}
