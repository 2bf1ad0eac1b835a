// The dashboard: the pipeline's parts and alarms in; what users search and click, and how the pipeline fares, drawn over time, out.

import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  LegendPosition,
  MathExpression,
  PeriodOverride,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import type { MetricName } from '../functions/contract.ts'
import { type PipelineParts, tablesAndIndexes } from './alarm-definitions.ts'
import { givenUp, shareOf, throttledRequests, writeUnits } from './metrics.ts'

const MINUTE = Duration.minutes(1)
const FIVE_MINUTES = Duration.minutes(5)
const HOUR = Duration.hours(1)

export function dashboard(scope: Construct, name: string, parts: PipelineParts, alarms: readonly IAlarm[]): Dashboard {
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: name,
    defaultInterval: Duration.days(1),
    periodOverride: PeriodOverride.AUTO,
    widgets: [
      [heading('What users do', 'Counted when a session closes. A trend: the results table has the exact numbers.')],
      searching(parts),
      sessions(parts),
      [heading('How the pipeline fares', 'What an alarm means and what to type is in docs/operations.md.')],
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 3 })],
      flow(parts),
      health(parts),
    ],
  })
}

function heading(title: string, text: string): IWidget {
  return new TextWidget({ markdown: `## ${title}\n${text}`, width: 24, height: 2 })
}

interface Drawn {
  readonly unit: string
  readonly stacked?: boolean
  readonly from?: number
  readonly to?: number
}

function graph(title: string, left: readonly IMetric[], { unit, stacked = false, from = 0, to }: Drawn): IWidget {
  return new GraphWidget({
    title,
    left: [...left],
    stacked,
    leftYAxis: { label: unit, showUnits: false, min: from, ...(to !== undefined && { max: to }) },
    legendPosition: LegendPosition.BOTTOM,
    width: 8,
    height: 6,
  })
}

function searching({ own }: PipelineParts): IWidget[] {
  const searches = own.of('Searches', HOUR)
  const perMinute = new MathExpression({
    expression: 'searches / (PERIOD(searches) / 60)',
    usingMetrics: { searches: own.of('Searches', FIVE_MINUTES) },
    period: FIVE_MINUTES,
    label: 'searches',
  })
  return [
    graph('Click-through rate', [shareOf(own.of('SearchesWithClick', HOUR), searches, HOUR, 'searches with a click')], {
      unit: '% of searches',
      to: 100,
    }),
    graph(
      'Zero-result rate',
      [shareOf(own.of('ZeroResultSearches', HOUR), searches, HOUR, 'searches without results')],
      {
        unit: '% of searches',
        to: 100,
      },
    ),
    graph('Searches', [perMinute], { unit: 'a minute' }),
  ]
}

function sessions({ own }: PipelineParts): IWidget[] {
  const reasons: readonly [MetricName, string][] = [
    ['ClosedByGap', 'gap'],
    ['ClosedByAppClose', 'app close'],
    ['ClosedByTimeout', 'timeout'],
    ['ClosedByLimit', 'limit'],
    ['ClosedByDrain', 'drain'],
  ]
  const closed = own.of('SessionsClosed', FIVE_MINUTES)
  const accepted = own.of('Accepted', FIVE_MINUTES)
  return [
    graph('Users to be looked at', [own.of('UsersOpen', HOUR, 'users')], { unit: 'users, counted hourly' }),
    graph(
      'Sessions closed, by reason',
      reasons.map(([name, label]) => own.of(name, FIVE_MINUTES, label)),
      {
        unit: 'sessions',
        stacked: true,
      },
    ),
    graph(
      'Amended and late',
      [
        shareOf(own.of('SessionsAmended', FIVE_MINUTES), closed, FIVE_MINUTES, 'sessions amended'),
        shareOf(own.of('Late', FIVE_MINUTES), accepted, FIVE_MINUTES, 'events too late'),
      ],
      { unit: '% of sessions closed, of events' },
    ),
  ]
}

function flow({ own, settings, ingester, finalizer, sessions: table, results }: PipelineParts): IWidget[] {
  const age = { statistic: Stats.MAXIMUM, period: FIVE_MINUTES }
  const sweepPeriod = Duration.millis(Math.max(settings.sweepEvery, MINUTE.toMilliseconds()))
  return [
    graph(
      'Events',
      [
        own.of('Accepted', FIVE_MINUTES, 'accepted'),
        own.of('Duplicates', FIVE_MINUTES, 'duplicates'),
        own.of('Rejected', FIVE_MINUTES, 'rejected'),
        own.of('Late', FIVE_MINUTES, 'too late'),
      ],
      { unit: 'events', stacked: true },
    ),
    graph(
      'Lag',
      [
        own.of('HorizonLag', sweepPeriod, 'closing'),
        ingester.fn.metric('IteratorAge', { ...age, label: 'taking in' }),
        finalizer.fn.metric('IteratorAge', { ...age, label: 'results' }),
      ],
      { unit: 'ms' },
    ),
    graph(
      'Write capacity',
      [writeUnits([table, null], FIVE_MINUTES, 'sessions'), writeUnits([results, null], FIVE_MINUTES, 'results')],
      { unit: 'units', stacked: true },
    ),
  ]
}

function health({ own, ingester, sweeper, finalizer, sessions: table, results }: PipelineParts): IWidget[] {
  const functions = [
    ['ingest', ingester.fn],
    ['sweep', sweeper],
    ['finalize', finalizer.fn],
  ] as const
  return [
    graph(
      'Dead letters and failures',
      [
        own.of('Rejected', FIVE_MINUTES, 'events rejected'),
        givenUp([ingester.mapping, finalizer.mapping], FIVE_MINUTES),
        ...functions.map(([label, fn]) => fn.metricErrors({ period: FIVE_MINUTES, label: `${label} errors` })),
      ],
      { unit: 'events, batches, errors' },
    ),
    graph(
      'Duration',
      functions.map(([label, fn]) => fn.metricDuration({ statistic: Stats.MAXIMUM, period: FIVE_MINUTES, label })),
      { unit: 'ms, longest' },
    ),
    graph(
      'Throttled requests, lost races',
      [
        throttledRequests(tablesAndIndexes(table, results), FIVE_MINUTES),
        own.of('Conflicts', FIVE_MINUTES, 'lost races'),
      ],
      { unit: 'requests' },
    ),
  ]
}
