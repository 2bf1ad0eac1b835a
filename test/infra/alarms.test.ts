// Tests the alarms and the dashboard against the metrics that exist and the runbook.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { METRIC_NAMESPACE, METRIC_UNITS } from '../../functions/contract.ts'
import { WATCHED_METRICS } from '../../local/cost/month-dollars.ts'
import { NOT_DEPLOYED } from '../conformance/unsupported.ts'
import {
  type FoundResource,
  type Properties,
  referenceText,
  resourcesOf,
  synthesizedTemplate,
} from '../support/synthesized-stack.ts'

const template = synthesizedTemplate()
const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm')
const runbook = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')

function alarm(name: string): Properties {
  return (alarms.find((found) => found.name === name) as FoundResource).Properties
}

interface WatchedMetric {
  readonly Namespace: string
  readonly MetricName: string
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: Properties }[]
}

function watchedBy({ Properties }: FoundResource): WatchedMetric[] {
  if (Properties.MetricName !== undefined) return [Properties]
  const stats = Properties.Metrics.filter(({ MetricStat }: Properties) => MetricStat !== undefined)
  return stats.map(({ MetricStat }: Properties) => MetricStat.Metric)
}

/** References become text, since only a deployment knows the region. */
const dashboardText = referenceText(resourcesOf(template, 'AWS::CloudWatch::Dashboard')[0]?.Properties.DashboardBody)
const dashboard = JSON.parse(dashboardText) as { widgets: { type: string; properties: Properties }[] }

describe('the alarms', () => {
  it('the stack has exactly these alarms', () => {
    expect(alarms.map(({ name }) => name).sort()).toEqual([
      'BatchesGivenUp',
      'DueBacklog',
      'FinalizeAge',
      'FinalizeFailing',
      'FinalizeMissing',
      'FinalizeSlow',
      'FunctionsThrottled',
      'HorizonLag',
      'IngestAge',
      'IngestFailing',
      'IngestSlow',
      'ItemsUnreadable',
      'OrphanClicksShare',
      'RejectedShare',
      'RollupBacklog',
      'RollupFailing',
      'RollupMissing',
      'StreamFull',
      'SweepFailing',
      'SweepMissing',
      'SweepSlow',
      'TablesThrottled',
    ])
  })

  it('those on metric math are named, since MiniStack does not deploy them', () => {
    const onMath = alarms.filter(({ Properties }) => Properties.Metrics !== undefined)
    expect(onMath.map(({ name }) => name).sort()).toEqual([...NOT_DEPLOYED].sort())
  })

  it.each(alarms)('the runbook explains the alarm $name', ({ name, Properties }) => {
    expect(Properties.AlarmDescription).toMatch(new RegExp(`^\\w.*\\. See docs/operations\\.md, ${name}\\.$`))
    const [, entry = ''] = runbook.split(`\n### ${name}\n`)
    const [text = ''] = entry.split('\n#')
    for (const part of ['**It means**', '**Check**', '**Do**']) expect(text).toContain(part)
  })

  it('the runbook explains no alarm that does not exist', () => {
    const [, explained = ''] = runbook.split('\n## Alarms\n')
    const [section = ''] = explained.split('\n## ')
    const entries = [...section.matchAll(/^### (\w+)$/gm)].map(([, name]) => name)
    expect(entries.sort()).toEqual(alarms.map(({ name }) => name).sort())
  })

  it('missing data fires only the alarms on schedules that do not run', () => {
    const breaching = alarms.filter(({ Properties }) => Properties.TreatMissingData !== 'notBreaching')
    expect(breaching.map(({ name, Properties }) => [name, Properties.TreatMissingData])).toEqual([
      ['SweepMissing', 'breaching'],
      ['RollupMissing', 'breaching'],
    ])
    expect(alarm('RollupMissing')).toMatchObject({ ComparisonOperator: 'LessThanThreshold', Threshold: 1, Period: 300 })
    expect(alarm('SweepMissing')).toMatchObject({ ComparisonOperator: 'LessThanThreshold', Threshold: 1, Period: 60 })
  })

  it('a share of the work that does not run fires the alarm, though the others run', () => {
    const shared = resourcesOf(synthesizedTemplate({ sweepers: '8', rollupRuns: '2' }), 'AWS::CloudWatch::Alarm')
    const threshold = (name: string) => shared.find((one) => one.name === name)?.Properties.Threshold
    expect([threshold('SweepMissing'), threshold('RollupMissing')]).toEqual([8, 2])
  })

  it('alarms on own metrics watch metrics that the functions emit', () => {
    for (const { Namespace, MetricName, Dimensions } of alarms.flatMap(watchedBy)) {
      if (Namespace !== METRIC_NAMESPACE) continue
      expect(Object.keys(METRIC_UNITS)).toContain(MetricName)
      expect(Dimensions).toEqual([{ Name: 'pipeline', Value: 'Tested' }])
    }
  })

  it('IngestAge fires when records wait for a quarter of the retention', () => {
    expect(alarm('IngestAge').Threshold).toBe(6 * 3_600_000)
    const longer = resourcesOf(synthesizedTemplate({ streamRetention: '4d' }), 'AWS::CloudWatch::Alarm')
    expect(longer.find(({ name }) => name === 'IngestAge')?.Properties.Threshold).toBe(24 * 3_600_000)
  })

  it('HorizonLag allows for two batch windows', () => {
    expect(alarm('HorizonLag').Threshold).toBe(14 * 60_000)
  })

  it('IngestFailing counts partly failed batches, which Lambda counts as no error', () => {
    const watched = watchedBy(alarms.find(({ name }) => name === 'IngestFailing') as FoundResource)
    expect(watched.map(({ MetricName }) => MetricName)).toEqual(['Errors', 'IngestFailures'])
  })

  it('alarms of the sweep have a period as long as the sweep’s schedule', () => {
    const slow = resourcesOf(synthesizedTemplate({ sweepEvery: '10m' }), 'AWS::CloudWatch::Alarm')
    const periods = slow.map(({ name, Properties }) => [
      name,
      Properties.Period ?? Properties.Metrics.find(({ MetricStat }: Properties) => MetricStat)?.MetricStat.Period,
    ])
    for (const name of [
      'SweepMissing',
      'HorizonLag',
      'DueBacklog',
      'SweepFailing',
      'SweepSlow',
      'FunctionsThrottled',
    ]) {
      expect(periods).toContainEqual([name, 600])
    }
  })
})

describe('the dashboard', () => {
  const graphs = dashboard.widgets.filter(({ type }) => type === 'metric')

  it.each([
    'Click-through rate',
    'Satisfied rate',
    'Zero-result and reformulation rate',
    'Searches',
    'Users with open sessions',
    'Sessions closed, by reason',
    'Amended and late',
    'Events',
    'Lag',
    'Write capacity',
    'Dead letters and failures',
    'Duration',
    'Throttled requests, conflicts',
  ])('the dashboard has the graph %s', (title) => {
    expect(graphs.filter(({ properties }) => properties.title === title)).toHaveLength(1)
  })

  it('the dashboard shows every alarm', () => {
    const [status] = dashboard.widgets.filter(({ type }) => type === 'alarm')
    expect(status?.properties.alarms).toHaveLength(alarms.length)
  })

  it('the rows of the dashboard fill its width', () => {
    const widths = new Map<number, number>()
    const positions = dashboard.widgets as unknown as { y: number; width: number }[]
    for (const { y, width } of positions) widths.set(y, (widths.get(y) ?? 0) + width)
    expect([...widths.values()].every((width) => width === 24)).toBe(true)
  })

  it('the dashboard or an alarm uses every metric that the functions emit', () => {
    const watched = new Set(alarms.flatMap(watchedBy).map(({ MetricName }) => MetricName))
    for (const name of Object.keys(METRIC_UNITS)) {
      expect(watched.has(name) || dashboardText.includes(`"${METRIC_NAMESPACE}","${name}"`), name).toBe(true)
    }
  })

  it('the cost of a month counts every metric that an alarm watches', () => {
    const withoutRollups = resourcesOf(synthesizedTemplate({ rollups: 'off' }), 'AWS::CloudWatch::Alarm')
    expect(alarms.flatMap(watchedBy)).toHaveLength(WATCHED_METRICS.on)
    expect(withoutRollups.flatMap(watchedBy)).toHaveLength(WATCHED_METRICS.off)
  })
})
