// Draws the dashboard: users' searches and clicks over time, and the health of the pipeline.

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
import { FIVE_MINUTES } from './alarm-definition.ts'
import { givenUp, satisfiedRate, shareOf, throttledRequests, writeUnits } from './metrics.ts'
import { type PipelineParts, tablesAndIndexes } from './pipeline-parts.ts'

const MINUTE = Duration.minutes(1)
const HOUR = Duration.hours(1)

export function dashboard(scope: Construct, name: string, parts: PipelineParts, alarms: readonly IAlarm[]): Dashboard {
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: name,
    defaultInterval: Duration.days(1),
    periodOverride: PeriodOverride.AUTO,
    widgets: [
      [heading('Users', 'Counts at the close of a session. The results table has the exact numbers.')],
      searching(parts),
      sessions(parts),
      mistakes(parts),
      [heading('Pipeline', 'docs/operations.md explains each alarm and what to do.')],
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 3 })],
      flow(parts),
      health(parts),
    ],
  })
}

function heading(title: string, text: string): IWidget {
  return new TextWidget({ markdown: `## ${title}\n${text}`, width: 24, height: 2 })
}

interface GraphOptions {
  readonly unit: string
  readonly stacked?: boolean
  readonly to?: number
  /** The columns of the dashboard, of 24, that the graph takes. */
  readonly width?: number
}

function graph(
  title: string,
  left: readonly IMetric[],
  { unit, stacked = false, to, width = 8 }: GraphOptions,
): IWidget {
  return new GraphWidget({
    title,
    left: [...left],
    stacked,
    leftYAxis: { label: unit, showUnits: false, min: 0, ...(to !== undefined && { max: to }) },
    legendPosition: LegendPosition.BOTTOM,
    width,
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
  const share = { unit: '% of searches', to: 100, width: 6 }
  return [
    graph(
      'Click-through rate',
      [shareOf(own.of('SearchesWithClick', HOUR), searches, HOUR, 'searches with a click')],
      share,
    ),
    graph('Satisfied rate', [satisfiedRate(own, HOUR)], { ...share, unit: '% of searches that are known' }),
    graph(
      'Zero-result and reformulation rate',
      [
        shareOf(own.of('ZeroResultSearches', HOUR), searches, HOUR, 'searches without results'),
        shareOf(own.of('SearchesReformulated', HOUR), searches, HOUR, 'searches asked in other words'),
      ],
      share,
    ),
    graph('Searches', [perMinute], { unit: 'per minute', width: 6 }),
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
    graph('Users with open sessions', [own.of('UsersOpen', HOUR, 'users')], { unit: 'users, counted once an hour' }),
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
      { unit: '% of closed sessions, % of accepted events' },
    ),
  ]
}

/** Graphs that show a mistake of a producer: clicks without a search, and misspelt fields. */
function mistakes({ own }: PipelineParts): IWidget[] {
  const clicks: readonly [MetricName, string][] = [
    ['Clicks', 'on results of a search'],
    ['OrphanClicksSearchElsewhere', 'whose search is elsewhere'],
    ['OrphanClicksNoSearch', 'without a search before them'],
  ]
  const rejected: readonly [MetricName, string][] = [
    ['Rejected', 'all rejected'],
    ['TimeImplausible', 'with a time that cannot be'],
    ['IdReused', 'with the id of another event'],
  ]
  const accepted = own.of('Accepted', FIVE_MINUTES)
  return [
    graph(
      'Clicks',
      clicks.map(([name, label]) => own.of(name, FIVE_MINUTES, label)),
      { unit: 'clicks', stacked: true },
    ),
    graph('Near misses', [own.of('NearMisses', FIVE_MINUTES, 'fields that ingest does not read')], { unit: 'fields' }),
    graph(
      'Rejected events',
      rejected.map(([name, label]) => shareOf(own.of(name, FIVE_MINUTES), accepted, FIVE_MINUTES, label)),
      { unit: '% of accepted events' },
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
        own.of('HorizonLag', sweepPeriod, 'sweep'),
        ingester.fn.metric('IteratorAge', { ...age, label: 'ingest' }),
        finalizer.fn.metric('IteratorAge', { ...age, label: 'finalize' }),
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

function health(parts: PipelineParts): IWidget[] {
  const { own, ingester, sweeper, finalizer } = parts
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
      'Throttled requests, conflicts',
      [
        throttledRequests(tablesAndIndexes(parts), FIVE_MINUTES),
        own.of('Conflicts', FIVE_MINUTES, 'version conflicts'),
      ],
      { unit: 'requests' },
    ),
  ]
}
