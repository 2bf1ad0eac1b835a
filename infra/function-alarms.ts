// Defines the alarms that watch the functions: failures, long runs and throttled invocations.

import { Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration } from 'aws-cdk-lib/core'
import type { MetricName } from '../functions/contract.ts'
import { type AlarmDefinition, FIVE_MINUTES } from './alarm-definition.ts'
import { FINALIZE_TIMEOUT } from './finalize-function.ts'
import { INGEST_TIMEOUT } from './ingest-function.ts'
import { type OwnMetrics, sumOf } from './metrics.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import { SWEEP_TIMEOUT } from './sweep-function.ts'

const TIMEOUT_SHARE_MAX = 0.8

interface WatchedFunction {
  readonly name: string
  readonly fn: IFunction
  readonly timeout: Duration
  readonly failures: MetricName
  readonly period: Duration
}

export function functionAlarms(parts: PipelineParts): AlarmDefinition[] {
  const { settings, own, ingester, sweeper, finalizer, roller } = parts
  const sweepPeriod = schedulePeriod(settings.sweepEvery)
  const functions: readonly WatchedFunction[] = [
    {
      name: 'Ingest',
      fn: ingester.fn,
      timeout: INGEST_TIMEOUT,
      failures: 'IngestFailures',
      period: FIVE_MINUTES,
    },
    { name: 'Sweep', fn: sweeper, timeout: SWEEP_TIMEOUT, failures: 'SweepFailures', period: sweepPeriod },
    {
      name: 'Finalize',
      fn: finalizer.fn,
      timeout: FINALIZE_TIMEOUT,
      failures: 'FinalizeFailures',
      period: FIVE_MINUTES,
    },
  ]
  const all = [...functions.map(({ fn }) => fn), ...(roller === null ? [] : [roller])]
  const throttles = all.map((fn) => fn.metricThrottles({ period: sweepPeriod }))
  return [
    ...functions.flatMap((watched) => failingAndSlow(watched, own)),
    ...(roller === null ? [] : [rollupFailing(roller, settings.rollupEvery)]),
    {
      name: 'FunctionsThrottled',
      description: 'Lambda throttles the functions: the account runs too many at once.',
      metric: sumOf(throttles, sweepPeriod, 'throttles'),
      above: 0,
      periods: 3,
    },
  ]
}

function rollupFailing(roller: IFunction, everyMs: number): AlarmDefinition {
  return {
    name: 'RollupFailing',
    description: 'Rollup fails again and again: the sums of hours and days trail the rows.',
    metric: roller.metricErrors({ period: schedulePeriod(everyMs) }),
    above: 0,
    periods: 3,
  }
}

function failingAndSlow({ name, fn, timeout, failures, period }: WatchedFunction, own: OwnMetrics): AlarmDefinition[] {
  return [
    {
      name: `${name}Failing`,
      description: `${name} fails again and again.`,
      // Lambda counts no error when only a part of a batch failed, so the function counts it.
      metric: sumOf([fn.metricErrors({ period }), own.of(failures, period)], period, 'failures'),
      above: 0,
      periods: 3,
    },
    {
      name: `${name}Slow`,
      description: `${name} takes nearly as long as its timeout allows.`,
      metric: fn.metricDuration({ statistic: Stats.MAXIMUM, period }),
      above: timeout.toMilliseconds() * TIMEOUT_SHARE_MAX,
      periods: 3,
    },
  ]
}

/** A period with at least one run, so that a lasting failure shows in consecutive periods. */
function schedulePeriod(everyMs: number): Duration {
  return Duration.millis(Math.max(everyMs, FIVE_MINUTES.toMilliseconds()))
}
