// Alarms: the pipeline's parts in; for each trouble that a person has to look into one alarm, explained in the runbook, out.

import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { DUE_INDEX, type MetricName } from '../functions/contract.ts'
import { FINALIZE_TIMEOUT, type Finalize } from './finalize-function.ts'
import { INGEST_TIMEOUT, type Ingest } from './ingest-function.ts'
import { givenUp, type OwnMetrics, shareOf, sumOf, type TableOrIndex, throttledRequests } from './metrics.ts'
import type { PipelineSettings } from './settings.ts'
import { SWEEP_TIMEOUT } from './sweep-function.ts'

export interface PipelineParts {
  readonly settings: PipelineSettings
  readonly own: OwnMetrics
  readonly stream: IStream
  readonly ingester: Ingest
  readonly sweeper: IFunction
  readonly finalizer: Finalize
  readonly sessions: TableV2
  readonly results: TableV2
}

interface Trouble {
  /** Also the heading of its entry in docs/operations.md. */
  readonly name: string
  readonly says: string
  readonly metric: IMetric
  readonly above: number
  /** In this many periods of the metric, one after the other. */
  readonly periods: number
}

const FIVE_MINUTES = Duration.minutes(5)
const LAG_MS_MAX = Duration.minutes(10).toMilliseconds()
const FINALIZE_AGE_MS_MAX = Duration.minutes(15).toMilliseconds()
/** A blocked shard that nobody sees to loses events when this has grown to 1. */
const RETENTION_SHARE_MAX = 0.25
const TIMEOUT_SHARE_MAX = 0.8
const REJECTED_PERCENT_MAX = 5
/** Fewer records than this are too few to speak of a share. */
const RECORDS_MIN = 100

export function alarms(scope: Construct, parts: PipelineParts, actions: readonly IAlarmAction[]): Alarm[] {
  const raised = [...troubles(parts), ...ofFunctions(parts)].map(({ name, says, metric, above, periods }) =>
    raise(scope, name, actions, {
      metric,
      alarmDescription: `${says} See docs/operations.md, ${name}.`,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }),
  )
  return [...raised, sweepMissing(scope, parts, actions)]
}

function raise(
  scope: Construct,
  name: string,
  actions: readonly IAlarmAction[],
  props: ConstructorParameters<typeof Alarm>[2],
): Alarm {
  const alarm = new Alarm(scope, name, props)
  if (actions.length > 0) {
    alarm.addAlarmAction(...actions)
    alarm.addOkAction(...actions)
  }
  return alarm
}

function troubles({ settings, own, stream, ingester, finalizer, sessions, results }: PipelineParts): Trouble[] {
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
      name: 'BatchesGivenUp',
      says: 'Batches went to the dead letters after hours of tries.',
      metric: givenUp([ingester.mapping, finalizer.mapping], FIVE_MINUTES),
      above: 0,
      periods: 1,
    },
    {
      name: 'RejectedShare',
      says: `More than ${REJECTED_PERCENT_MAX} % of the records are refused.`,
      metric: new MathExpression({
        expression: `IF(records > ${RECORDS_MIN}, share, 0)`,
        usingMetrics: {
          records: own.of('Records', FIVE_MINUTES),
          share: shareOf(own.of('Rejected', FIVE_MINUTES), own.of('Records', FIVE_MINUTES), FIVE_MINUTES, 'rejected'),
        },
        period: FIVE_MINUTES,
      }),
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
      name: 'TablesThrottled',
      says: 'A table refuses requests that come too fast.',
      metric: throttledRequests(tablesAndIndex(sessions, results), FIVE_MINUTES),
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

export function tablesAndIndex(sessions: TableV2, results: TableV2): TableOrIndex[] {
  return [
    [sessions, null],
    [sessions, DUE_INDEX.name],
    [results, null],
  ]
}

function ofFunctions({ own, ingester, sweeper, finalizer }: PipelineParts): Trouble[] {
  const functions: readonly [string, IFunction, Duration, MetricName][] = [
    ['Ingest', ingester.fn, INGEST_TIMEOUT, 'IngestFailures'],
    ['Sweep', sweeper, SWEEP_TIMEOUT, 'SweepFailures'],
    ['Finalize', finalizer.fn, FINALIZE_TIMEOUT, 'FinalizeFailures'],
  ]
  const each = functions.flatMap(([name, fn, timeout, failures]): Trouble[] => [
    {
      name: `${name}Failing`,
      says: `${name} fails again and again.`,
      // A batch of which a part failed is no error to Lambda, so the function tells it.
      metric: sumOf(
        [fn.metricErrors({ period: FIVE_MINUTES }), own.of(failures, FIVE_MINUTES)],
        FIVE_MINUTES,
        'failures',
      ),
      above: 0,
      periods: 3,
    },
    {
      name: `${name}Slow`,
      says: `${name} takes nearly as long as it may.`,
      metric: fn.metricDuration({ statistic: Stats.MAXIMUM, period: FIVE_MINUTES }),
      above: timeout.toMilliseconds() * TIMEOUT_SHARE_MAX,
      periods: 3,
    },
  ])
  const throttles = functions.map(([, fn]) => fn.metricThrottles({ period: FIVE_MINUTES }))
  return [
    ...each,
    {
      name: 'FunctionsThrottled',
      says: 'Lambda has no room for the functions: the account runs too many at once.',
      metric: sumOf(throttles, FIVE_MINUTES, 'throttles'),
      above: 0,
      periods: 3,
    },
  ]
}

/** Silence is the trouble. */
function sweepMissing(scope: Construct, { settings, sweeper }: PipelineParts, actions: readonly IAlarmAction[]): Alarm {
  return raise(scope, 'SweepMissing', actions, {
    metric: sweeper.metricInvocations({ period: Duration.millis(settings.sweepEvery) }),
    alarmDescription: 'Nothing closes sessions: the sweep does not run. See docs/operations.md, SweepMissing.',
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 3,
    treatMissingData: TreatMissingData.BREACHING,
  })
}
