// Defines the alarms that watch the data: its lag, its losses, and the limits of stream and tables.

import { type IMetric, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { Duration } from 'aws-cdk-lib/core'
import type { MetricName } from '../functions/contract.ts'
import { type AlarmDefinition, FIVE_MINUTES } from './alarm-definition.ts'
import { givenUp, type OwnMetrics, throttledRequests } from './metrics.ts'
import { type PipelineParts, tablesAndIndexes } from './pipeline-parts.ts'

/** The sweep tries a user with damaged items again every half hour. */
const HOUR = Duration.hours(1)
const QUARTER_HOUR = Duration.minutes(15)
const LAG_MS_MAX = Duration.minutes(10).toMilliseconds()
const FINALIZE_AGE_MS_MAX = Duration.minutes(15).toMilliseconds()
/** At 1, the stream deletes records that ingest has not applied. */
const RETENTION_SHARE_MAX = 0.25
const REJECTED_PERCENT_MAX = 5
const ORPHAN_PERCENT_MAX = 5
/** A share of fewer events or clicks than this is not meaningful. */
const EVENTS_MIN = 20

export function dataAlarms(parts: PipelineParts): AlarmDefinition[] {
  return [...lagAlarms(parts), ...lossAlarms(parts), ...backlogAlarms(parts), ...limitAlarms(parts)]
}

function lagAlarms({ settings, own, ingester, finalizer }: PipelineParts): AlarmDefinition[] {
  const maximum = { statistic: Stats.MAXIMUM, period: FIVE_MINUTES }
  return [
    {
      name: 'HorizonLag',
      description: 'Sessions close late: ingest has not applied a shard up to the present.',
      metric: own.of('HorizonLag', Duration.millis(settings.sweepEvery)),
      above: LAG_MS_MAX + 2 * settings.batchWindow,
      periods: 3,
    },
    {
      name: 'IngestAge',
      description: 'Records wait long for ingest. The stream deletes those older than its retention.',
      metric: ingester.fn.metric('IteratorAge', maximum),
      above: settings.streamRetention * RETENTION_SHARE_MAX,
      periods: 1,
    },
    {
      name: 'FinalizeAge',
      description: 'Closed sessions wait long for their results.',
      metric: finalizer.fn.metric('IteratorAge', maximum),
      above: FINALIZE_AGE_MS_MAX,
      periods: 1,
    },
  ]
}

function lossAlarms({ own, ingester, finalizer }: PipelineParts): AlarmDefinition[] {
  return [
    {
      name: 'FinalizeMissing',
      description: 'The sweep closes sessions, but nothing invokes finalize to write their results.',
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
      description: 'Lambda gave up batches after hours of retries.',
      metric: givenUp([ingester.mapping, finalizer.mapping], FIVE_MINUTES),
      above: 0,
      periods: 1,
    },
    {
      name: 'ItemsUnreadable',
      description: 'Stored items are damaged. The functions go on without them.',
      metric: own.of('Unreadable', HOUR),
      above: 0,
      periods: 1,
    },
    {
      name: 'RejectedShare',
      description: `Ingest rejects more than ${REJECTED_PERCENT_MAX} % of the events.`,
      metric: rejectedShare(own),
      above: REJECTED_PERCENT_MAX,
      periods: 3,
    },
    {
      name: 'OrphanClicksShare',
      description: `More than ${ORPHAN_PERCENT_MAX} % of the clicks belong to no search, so CTR is too low.`,
      metric: orphanShare(own),
      above: ORPHAN_PERCENT_MAX,
      periods: 2,
    },
  ]
}

function backlogAlarms({ settings, own, roller }: PipelineParts): AlarmDefinition[] {
  const sweeps: AlarmDefinition = {
    name: 'DueBacklog',
    description: 'Sweeps run out of time: more sessions fall due than they close. Raise sweepers.',
    metric: own.of('SweepsUnfinished', Duration.millis(settings.sweepEvery)),
    above: 0,
    periods: 5,
  }
  const rollups: AlarmDefinition = {
    name: 'RollupBacklog',
    description: 'Rollups run out of time: the sums of some hours and days are late.',
    metric: own.of('RollupsUnfinished', Duration.millis(settings.rollupEvery)),
    above: 0,
    periods: 5,
  }
  return roller === null ? [sweeps] : [sweeps, rollups]
}

function limitAlarms(parts: PipelineParts): AlarmDefinition[] {
  return [
    {
      name: 'TablesThrottled',
      description: 'A table throttles requests because they come too fast.',
      metric: throttledRequests(tablesAndIndexes(parts), FIVE_MINUTES),
      above: 0,
      periods: 3,
    },
    {
      name: 'StreamFull',
      description: 'The stream throttles producers: it has too few shards, or one user sends too much.',
      metric: parts.stream.metric('WriteProvisionedThroughputExceeded', {
        statistic: Stats.SUM,
        period: FIVE_MINUTES,
      }),
      above: 0,
      periods: 3,
    },
  ]
}

/** The rejected events in percent of all; 0 where there are too few events. */
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

/** The orphan clicks in percent of all clicks; 0 where there are too few clicks. */
function orphanShare(own: OwnMetrics): IMetric {
  const of = (name: MetricName): IMetric => own.of(name, QUARTER_HOUR)
  const orphans = '(FILL(elsewhere, 0) + FILL(nowhere, 0))'
  const clicks = `(FILL(clicks, 0) + ${orphans})`
  return new MathExpression({
    expression: `IF(${clicks} > ${EVENTS_MIN}, 100 * ${orphans} / ${clicks}, 0)`,
    usingMetrics: {
      clicks: of('Clicks'),
      elsewhere: of('OrphanClicksSearchElsewhere'),
      nowhere: of('OrphanClicksNoSearch'),
    },
    period: QUARTER_HOUR,
    label: 'clicks without a search',
  })
}
