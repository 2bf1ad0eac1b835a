// What a person has to look into: the pipeline's parts in; each trouble, by what metric it is known and from where on, out.

import { type IMetric, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration } from 'aws-cdk-lib/core'
import { HOUR_INDEX, type MetricName } from '../functions/contract.ts'
import { FINALIZE_TIMEOUT, type Finalize } from './finalize-function.ts'
import { INGEST_TIMEOUT, type Ingest } from './ingest-function.ts'
import { givenUp, type OwnMetrics, sumOf, type TableOrIndex, throttledRequests } from './metrics.ts'
import type { PipelineSettings } from './settings.ts'
import { SWEEP_TIMEOUT } from './sweep-function.ts'

export interface PipelineParts {
  readonly settings: PipelineSettings
  readonly own: OwnMetrics
  readonly stream: IStream
  readonly ingester: Ingest
  readonly sweeper: IFunction
  readonly finalizer: Finalize
  readonly roller: IFunction
  readonly sessions: TableV2
  readonly results: TableV2
}

export interface AlarmDefinition {
  /** Also the heading of its entry in docs/operations.md. */
  readonly name: string
  readonly says: string
  readonly metric: IMetric
  readonly above: number
  /** In this many periods of the metric, one after the other. */
  readonly periods: number
}

const FIVE_MINUTES = Duration.minutes(5)
const QUARTER_HOUR = Duration.minutes(15)
const LAG_MS_MAX = Duration.minutes(10).toMilliseconds()
const FINALIZE_AGE_MS_MAX = Duration.minutes(15).toMilliseconds()
/** A blocked shard that nobody sees to loses events when this has grown to 1. */
const RETENTION_SHARE_MAX = 0.25
const TIMEOUT_SHARE_MAX = 0.8
const REJECTED_PERCENT_MAX = 5
/** Fewer events than this are too few to speak of a share. */
const EVENTS_MIN = 20

/** All but the one that is silence. */
export function troubles(parts: PipelineParts): AlarmDefinition[] {
  return [...ofData(parts), ...ofFunctions(parts)]
}

function ofData({ settings, own, stream, ingester, finalizer, sessions, results }: PipelineParts): AlarmDefinition[] {
  const sweepPeriod = Duration.millis(settings.sweepEvery)
  const maximum = { statistic: Stats.MAXIMUM, period: FIVE_MINUTES }
  return [
    {
      name: 'HorizonLag',
      says: 'Sessions close late: a shard is not read up to now.',
      metric: own.of('HorizonLag', sweepPeriod),
      above: LAG_MS_MAX + 2 * settings.batchWindow,
      periods: 3,
    },
    {
      name: 'IngestAge',
      says: 'Records wait long before they are taken in; those older than the retention are lost.',
      metric: ingester.fn.metric('IteratorAge', maximum),
      above: settings.streamRetention * RETENTION_SHARE_MAX,
      periods: 1,
    },
    {
      name: 'FinalizeAge',
      says: 'Closed sessions wait long for their results.',
      metric: finalizer.fn.metric('IteratorAge', maximum),
      above: FINALIZE_AGE_MS_MAX,
      periods: 1,
    },
    {
      name: 'FinalizeMissing',
      says: 'Sessions are closed, and nobody writes their results.',
      metric: new MathExpression({
        expression: 'IF(FILL(closings, 0) > 0 AND FILL(invocations, 0) == 0, 1, 0)',
        usingMetrics: {
          closings: own.of('Closings', QUARTER_HOUR),
          invocations: finalizer.fn.metricInvocations({ period: QUARTER_HOUR }),
        },
        period: QUARTER_HOUR,
      }),
      above: 0,
      periods: 2,
    },
    {
      name: 'BatchesGivenUp',
      says: 'Batches went to the dead letters after hours of tries.',
      metric: givenUp([ingester.mapping, finalizer.mapping], FIVE_MINUTES),
      above: 0,
      periods: 1,
    },
    {
      name: 'RejectedShare',
      says: `More than ${REJECTED_PERCENT_MAX} % of the events are refused.`,
      metric: rejectedShare(own),
      above: REJECTED_PERCENT_MAX,
      periods: 3,
    },
    {
      name: 'DueBacklog',
      says: 'Sweeps run out of time: more sessions fall due than are closed.',
      metric: own.of('SweepsUnfinished', sweepPeriod),
      above: 0,
      periods: 5,
    },
    {
      name: 'RollupBacklog',
      says: 'Hours and days are summed late: the runs end before all is summed.',
      metric: own.of('RollupsUnfinished', Duration.millis(settings.rollupEvery)),
      above: 0,
      periods: 5,
    },
    {
      name: 'TablesThrottled',
      says: 'A table refuses requests that come too fast.',
      metric: throttledRequests(tablesAndIndexes(sessions, results), FIVE_MINUTES),
      above: 0,
      periods: 3,
    },
    {
      name: 'StreamFull',
      says: 'Producers are refused: the stream has too few shards, or one user sends very much.',
      metric: stream.metric('WriteProvisionedThroughputExceeded', { statistic: Stats.SUM, period: FIVE_MINUTES }),
      above: 0,
      periods: 3,
    },
  ]
}

export function tablesAndIndexes(sessions: TableV2, results: TableV2): TableOrIndex[] {
  return [
    [sessions, null],
    [results, null],
    [results, HOUR_INDEX.name],
  ]
}

/** Of all events that came, in percent, where there are enough. */
function rejectedShare(own: OwnMetrics): IMetric {
  const of = (name: MetricName): IMetric => own.of(name, FIVE_MINUTES)
  const events = 'FILL(accepted, 0) + FILL(duplicates, 0) + FILL(late, 0) + FILL(rejected, 0)'
  return new MathExpression({
    expression: `IF(${events} > ${EVENTS_MIN}, 100 * FILL(rejected, 0) / (${events}), 0)`,
    usingMetrics: {
      accepted: of('Accepted'),
      duplicates: of('Duplicates'),
      late: of('Late'),
      rejected: of('Rejected'),
    },
    period: FIVE_MINUTES,
    label: 'rejected',
  })
}

function ofFunctions({ settings, own, ingester, sweeper, finalizer, roller }: PipelineParts): AlarmDefinition[] {
  // One that runs more seldom would never fail in each of several periods.
  const ofSweep = Duration.millis(Math.max(settings.sweepEvery, FIVE_MINUTES.toMilliseconds()))
  const functions: readonly [string, IFunction, Duration, MetricName, Duration][] = [
    ['Ingest', ingester.fn, INGEST_TIMEOUT, 'IngestFailures', FIVE_MINUTES],
    ['Sweep', sweeper, SWEEP_TIMEOUT, 'SweepFailures', ofSweep],
    ['Finalize', finalizer.fn, FINALIZE_TIMEOUT, 'FinalizeFailures', FIVE_MINUTES],
  ]
  const each = functions.flatMap(([name, fn, timeout, failures, period]): AlarmDefinition[] => [
    {
      name: `${name}Failing`,
      says: `${name} fails again and again.`,
      // A batch of which a part failed is no error to Lambda, so the function tells it.
      metric: sumOf([fn.metricErrors({ period }), own.of(failures, period)], period, 'failures'),
      above: 0,
      periods: 3,
    },
    {
      name: `${name}Slow`,
      says: `${name} takes nearly as long as it may.`,
      metric: fn.metricDuration({ statistic: Stats.MAXIMUM, period }),
      above: timeout.toMilliseconds() * TIMEOUT_SHARE_MAX,
      periods: 3,
    },
  ])
  const ofRollup = Duration.millis(Math.max(settings.rollupEvery, FIVE_MINUTES.toMilliseconds()))
  const throttles = [...functions.map(([, fn]) => fn), roller].map((fn) => fn.metricThrottles({ period: ofSweep }))
  return [
    ...each,
    {
      name: 'RollupFailing',
      says: 'Rollup fails again and again: sums of hours and days trail the rows.',
      metric: roller.metricErrors({ period: ofRollup }),
      above: 0,
      periods: 3,
    },
    {
      name: 'FunctionsThrottled',
      says: 'Lambda has no room for the functions: the account runs too many at once.',
      metric: sumOf(throttles, ofSweep, 'throttles'),
      above: 0,
      periods: 3,
    },
  ]
}
