// Tests the sums of searches by the values of labels (M4, M5, M6) as the rollup stores them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { SEARCH_COUNTS } from '../../functions/domain/results/counts.ts'
import type { ResultRow, SearchRow } from '../../functions/domain/results/result.ts'
import { type HourRollup, hourOf, sumRows } from '../../functions/domain/results/rollup.ts'
import { SegmentSums, sumSegments } from '../../functions/domain/results/segment-sums.ts'
import { type DaySegments, type HourSegments, NO_VALUE, OTHER_VALUES } from '../../functions/domain/results/segments.ts'
import { forget } from '../../functions/forget/forget.ts'
import { memoryRollupStore } from '../../functions/memory/memory-rollups.ts'
import { VersionConflictError } from '../../functions/ports.ts'
import { rollup } from '../../functions/rollup/rollup.ts'
import type { RollupPorts, SegmentSettings } from '../../functions/rollup/rollup-run.ts'
import { at, RULES, record, type Sent } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { randomSends, SEED } from '../support/random-log.ts'

const HOUR = '2026-03-02T00'
const DAY = '2026-03-02'
const HOUR_KEY = `rollup#hour#application ${HOUR}`
const DAY_KEY = `rollup#day#application ${DAY}`
const BY_APPLICATION: SegmentSettings = { segments: ['application'], segmentValuesMax: 50 }
const WHOLE: SegmentSettings = { segments: [], segmentValuesMax: 50 }

const DOGS = { type: 'Search', user: 'ann', time: at(0), eventId: 'dogs', query: 'dogs' }

function rollUp(
  { dirtyHours, rollups }: MemoryPipeline,
  nowMs: number,
  own: Partial<RollupPorts> = {},
  segments: SegmentSettings = BY_APPLICATION,
) {
  const ports = { dirtyHours, rollups, digest: sha256, hasTime: () => true, ...own }
  const settings = { rollupRetentionMs: 1100 * DAY_MS, rankEveryMs: HOUR_MS, indexLagMs: 0, ...segments }
  return rollup({ drain: true }, ports, settings, nowMs)
}

async function rollUpAll(pipeline: MemoryPipeline, nowMs: number, segments?: SegmentSettings): Promise<void> {
  for (let runs = 0; pipeline.dirtyHours.periods.size > 0; runs++) {
    expect(runs).toBeLessThan(10)
    await rollUp(pipeline, nowMs + runs, {}, segments)
  }
}

async function take(pipeline: MemoryPipeline, sends: readonly Sent[], nowMs: number): Promise<void> {
  await pipeline.ingest(
    sends.map((sent) => record(sent, nowMs)),
    nowMs,
  )
  await pipeline.sweep(nowMs + 1, true)
  await pipeline.finalizeAll(nowMs)
}

/** The application of each query in these tests. Queries of another beginning have none. */
function labelled<T extends ResultRow>(row: T): T {
  if (row.kind !== 'search') return row
  const application = { d: 'shop', c: 'blog', x: '' }[row.query.slice(0, 1)]
  return application === undefined ? row : { ...row, labels: { application } }
}

/** A pipeline whose rows have labels by their queries. */
function labelledPipeline(pageRows?: number): MemoryPipeline {
  const pipeline = memoryPipeline({ ...RULES, gapMs: 10_000, latenessMs: 0 })
  const rowsIn = (hour: string) => [...pipeline.results.rowsInHour(hour)].map(labelled)
  return { ...pipeline, rollups: memoryRollupStore(rowsIn, sha256, undefined, pageRows) }
}

function searchesByValue({ rollups }: MemoryPipeline, key: string) {
  return rollups.segments.get(key)?.values.map(({ value, counts }) => [value, counts.searches])
}

function expectSummed({ results, rollups }: MemoryPipeline, { segmentValuesMax }: SegmentSettings): void {
  const rows = [...results.rows.values()].map(labelled)
  const hours = [...new Set(rows.filter(({ kind }) => kind === 'search').map(hourOf))].sort()
  const expected = hours.map((hour) => {
    const sums = new SegmentSums(['application'], sha256)
    for (const row of rows.filter((row) => hourOf(row) === hour)) sums.add(row)
    return [hour, sums.all(segmentValuesMax)[0]?.values ?? []] as const
  })
  const stored = [...rollups.segments.values()]
  const storedHours = stored.filter(({ kind }) => kind === 'hour-segments').sort((a, b) => (a.sk < b.sk ? -1 : 1))
  expect(storedHours.map(({ sk, values }) => [sk, values])).toEqual(expected)
  const days = [...new Set(hours.map((hour) => hour.slice(0, 10)))]
  const storedDays = stored.filter(({ kind }) => kind === 'day-segments').sort((a, b) => (a.sk < b.sk ? -1 : 1))
  expect(storedDays.map(({ sk }) => sk)).toEqual(days)
  for (const { day, values } of storedDays) {
    const ofDay = expected.filter(([hour]) => hour.startsWith(day)).map(([, sums]) => sums)
    expect(values).toEqual(sumSegments(ofDay, segmentValuesMax))
    const whole = sumRows(rows.filter((row) => row.day === day))
    for (const name of SEARCH_COUNTS)
      expect(values.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0)).toBe(whole[name] ?? 0)
  }
}

/** Returns true so many times, and false from then on. */
function timeFor(checks: number): () => boolean {
  let left = checks
  return () => left-- > 0
}

describe('after any events', () => {
  it('hours and days by value are those of the rows, whatever the time of each run and the maximum of values', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 30, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(randomSends, times, fc.integer({ min: 1, max: 3 }), async (sends, checks, segmentValuesMax) => {
        const pipeline = labelledPipeline(1)
        const settings = { segments: ['application'], segmentValuesMax }
        for (const [n, sent] of sends.entries()) {
          await pipeline.ingest([record(sent, at(300 + n))], at(300 + n))
          await pipeline.sweep(at(320 + n))
          await pipeline.finalizeAll(at(300 + n))
          await rollUp(pipeline, at(300 + n), { hasTime: timeFor(checks[n] as number) }, settings)
        }
        await pipeline.sweep(at(100_000), true)
        await pipeline.finalizeAll(at(100_000))
        await rollUpAll(pipeline, at(100_001), settings)
        expectSummed(pipeline, settings)
      }),
      { seed: SEED, numRuns: 100 },
    )
  })
})

describe('the searches of an hour and its day by value', () => {
  it('are written beside the hour, expire with its rows, and are not written again unchanged', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [DOGS, { ...DOGS, user: 'ben', eventId: 'cats', query: 'cats' }], at(10))
    expect(await rollUp(pipeline, at(20))).toMatchObject({ hours: 1, days: 1, rowsRead: 6 })
    const hour = pipeline.rollups.segments.get(HOUR_KEY) as HourSegments
    expect(hour.rows_expire_at).toBe((pipeline.rollups.rollups.get(`rollup#hour ${HOUR}`) as HourRollup).rows_expire_at)
    expect(searchesByValue(pipeline, DAY_KEY)).toEqual([
      ['blog', 1],
      ['shop', 1],
    ])
    expect(pipeline.rollups.rollups.get(`rollup#day ${DAY}`)).toMatchObject({ segments: 'application' })
    const save = () => Promise.reject(new Error('nothing has changed'))
    const rollups = { ...pipeline.rollups, save }
    expect(await rollUp(pipeline, at(30), { rollups })).toMatchObject({ hours: 0, days: 0, failed: null })
  })

  it('change when an amendment changes only which value a search has', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [{ ...DOGS, query: 'cats' }], at(10))
    await rollUp(pipeline, at(20))
    const [row] = [...pipeline.results.rows.values()].filter((row): row is SearchRow => row.kind === 'search')
    await pipeline.results.put({ ...(row as SearchRow), query: 'dogs', version: 9 }, at(0) + DAY_MS)
    await pipeline.dirtyHours.mark([{ kind: 'hour', of: HOUR, atMs: at(30) }])
    expect(await rollUp(pipeline, at(40))).toMatchObject({ hours: 1, days: 1 })
    for (const key of [HOUR_KEY, DAY_KEY]) expect(searchesByValue(pipeline, key)).toEqual([['shop', 1]])
  })

  it('are gone once an amendment has moved the only search to another hour', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [DOGS], at(10))
    await rollUp(pipeline, at(20))
    for (const row of [...pipeline.results.rows.values()]) await pipeline.results.remove(row, at(0) + DAY_MS)
    await pipeline.dirtyHours.mark([{ kind: 'hour', of: HOUR, atMs: at(30) }])
    await rollUp(pipeline, at(40))
    expect([...pipeline.rollups.segments.keys()]).toEqual([])
    expect([...pipeline.rollups.rollups.keys()]).toEqual([])
  })

  it('stay as they are once the first row of the hour has expired', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [DOGS], at(10))
    await rollUp(pipeline, at(20))
    const { rows_expire_at } = pipeline.rollups.segments.get(HOUR_KEY) as HourSegments
    for (const row of [...pipeline.results.rows.values()]) await pipeline.results.remove(row, at(0) + DAY_MS)
    await pipeline.dirtyHours.mark([{ kind: 'hour', of: HOUR, atMs: 0 }])
    await rollUp(pipeline, Date.parse(rows_expire_at as string))
    for (const key of [HOUR_KEY, DAY_KEY]) expect(searchesByValue(pipeline, key)).toEqual([['shop', 1]])
  })

  it('leave the hour dirty when another run wrote them meanwhile', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [DOGS], at(10))
    const save: typeof pipeline.rollups.save = (sum, base, metadata) =>
      'values' in sum ? Promise.reject(new VersionConflictError(sum.sk, 1)) : pipeline.rollups.save(sum, base, metadata)
    const overtaken = await rollUp(pipeline, at(20), { rollups: { ...pipeline.rollups, save } })
    expect(overtaken).toMatchObject({ hours: 0, conflicts: 1 })
    await rollUpAll(pipeline, at(30))
    expectSummed(pipeline, BY_APPLICATION)
  })

  it('are read before the rows, so that another run’s write makes this one fail', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [DOGS], at(10))
    const calls: string[] = []
    const { load, rowsOf } = pipeline.rollups
    const rollups: RollupPorts['rollups'] = {
      ...pipeline.rollups,
      load: (key) => {
        calls.push(key.pk)
        return load(key)
      },
      rowsOf: (hour, slice, from, isSegmented) => {
        if (!calls.includes('reads')) calls.push('reads')
        return rowsOf(hour, slice, from, isSegmented)
      },
    }
    await rollUp(pipeline, at(20), { rollups })
    expect(calls.slice(0, 3)).toEqual(['rollup#hour', 'rollup#hour#application', 'reads'])
  })

  it('begin anew after a part of the hour was read, once another run has stored them', async () => {
    const pipeline = labelledPipeline(1)
    await take(
      pipeline,
      Array.from({ length: 20 }, (_, n) => ({ ...DOGS, user: `u${n}`, eventId: `e${n}` })),
      at(10),
    )
    await rollUp(pipeline, at(20), { hasTime: timeFor(10) })
    const stored = await pipeline.rollups.loadProgress<object>('hour#0', at(20))
    expect(stored).toMatchObject({ segmentRevisions: [['application', 0]] })
    await rollUp(pipeline, at(21))
    await pipeline.rollups.remove({ pk: 'rollup#hour', sk: HOUR }, 1)
    await pipeline.rollups.saveProgress('hour#0', stored, at(21))
    await pipeline.dirtyHours.mark([{ kind: 'hour', of: HOUR, atMs: at(22) }])
    const report = await rollUp(pipeline, at(23))
    expect(report.rowsRead).toBeGreaterThanOrEqual(pipeline.results.rows.size)
    expectSummed(pipeline, BY_APPLICATION)
  })
})

describe('a setting that changes', () => {
  it('has the hours of the day summed again by a new label, to every bucket', async () => {
    const pipeline = labelledPipeline()
    const later = { ...DOGS, user: 'ben', eventId: 'later', time: at(3600) }
    await take(pipeline, [DOGS, { ...DOGS, user: 'cem', eventId: 'other', query: 'birds' }], at(10))
    await rollUpAll(pipeline, at(20), WHOLE)
    expect(pipeline.rollups.segments.size).toBe(0)
    await take(pipeline, [later], at(3610))
    await rollUp(pipeline, at(3620))
    expect(searchesByValue(pipeline, DAY_KEY)).toEqual([
      ['shop', 1],
      [NO_VALUE, 2],
    ])
    await rollUpAll(pipeline, at(3630))
    expectSummed(pipeline, BY_APPLICATION)
  })

  it('takes a forgotten user out of the sums of a label that it names no more', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [DOGS, { ...DOGS, user: 'ben', eventId: 'ben' }], at(10))
    await rollUpAll(pipeline, at(20))
    await forget('ben', portsOf(pipeline), { rules: RULES, deadLetterRetentionMs: DAY_MS }, at(100))
    await rollUpAll(pipeline, at(110), WHOLE)
    for (const key of [HOUR_KEY, DAY_KEY]) expect(searchesByValue(pipeline, key)).toEqual([['shop', 1]])
  })

  it('leaves an hour as it is of which rows have expired', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [DOGS, { ...DOGS, user: 'ben', eventId: 'later', time: at(3600) }], at(3610))
    await rollUpAll(pipeline, at(3620), WHOLE)
    const first = pipeline.rollups.rollups.get(`rollup#hour ${HOUR}`) as HourRollup
    const expired = { ...first, rows_expire_at: new Date(at(3630)).toISOString() }
    await pipeline.rollups.save(expired, 1, { computedAtMs: 0, expiresAtMs: 0 })
    await pipeline.dirtyHours.mark([{ kind: 'hour', of: '2026-03-02T01', atMs: at(3640) }])
    await rollUpAll(pipeline, at(3650))
    expect(searchesByValue(pipeline, DAY_KEY)).toEqual([
      ['shop', 1],
      [NO_VALUE, 1],
    ])
  })
})

function portsOf(pipeline: MemoryPipeline) {
  return { ...pipeline, pseudonym: (user: string) => user }
}

describe('forgetting a person', () => {
  it('takes the searches out of every value and bucket, and removes a value that no other user has', async () => {
    const pipeline = labelledPipeline()
    const sends = [
      DOGS,
      { ...DOGS, user: 'ben', eventId: 'ben' },
      { ...DOGS, user: 'ben', eventId: 'c', query: 'cats' },
    ]
    await take(pipeline, sends, at(10))
    await rollUpAll(pipeline, at(20))
    expect(searchesByValue(pipeline, DAY_KEY)).toHaveLength(2)
    await forget('ben', portsOf(pipeline), { rules: RULES, deadLetterRetentionMs: DAY_MS }, at(100))
    await rollUpAll(pipeline, at(110))
    expectSummed(pipeline, BY_APPLICATION)
    const day = pipeline.rollups.segments.get(DAY_KEY) as DaySegments
    expect(day.values.map(({ value }) => value)).toEqual(['shop'])
    expect(day.values[0]?.buckets.filter(({ searches }) => searches > 0)).toHaveLength(1)
  })
})

describe('without a label in the setting', () => {
  it('reads and writes nothing more than hours and days, and asks for no more columns', async () => {
    const pipeline = labelledPipeline()
    await take(pipeline, [DOGS], at(10))
    const calls: string[] = []
    const rollups: RollupPorts['rollups'] = {
      ...pipeline.rollups,
      load: (key) => {
        calls.push(`loads ${key.pk}`)
        return pipeline.rollups.load(key)
      },
      segmentHoursOf: () => Promise.reject(new Error('there are no segments')),
      rowsOf: (hour, slice, from, isSegmented) => {
        if (isSegmented) calls.push('reads more columns')
        return pipeline.rollups.rowsOf(hour, slice, from, isSegmented)
      },
      save: (sum, base, metadata) => {
        calls.push(`saves ${sum.pk}`)
        return pipeline.rollups.save(sum, base, metadata)
      },
    }
    expect(await rollUp(pipeline, at(20) + MINUTE_MS, { rollups }, WHOLE)).toMatchObject({ failed: null })
    expect(calls).toEqual(['loads rollup#hour', 'saves rollup#hour', 'loads rollup#day', 'saves rollup#day'])
    expect(pipeline.rollups.rollups.get(`rollup#day ${DAY}`)).not.toHaveProperty('segments')
  })
})

it('more values than the maximum are summed as others, in the hour and in the day', async () => {
  const pipeline = labelledPipeline()
  const one = { segments: ['application'], segmentValuesMax: 1 }
  const sends = ['dogs', 'ducks', 'cats', 'x', 'birds'].map((query, n) => ({
    ...DOGS,
    user: `u${n}`,
    eventId: query,
    query,
  }))
  await take(pipeline, sends, at(10))
  await rollUpAll(pipeline, at(20), one)
  for (const key of [HOUR_KEY, DAY_KEY])
    expect(searchesByValue(pipeline, key)).toEqual([
      ['shop', 2],
      [NO_VALUE, 2],
      [OTHER_VALUES, 1],
    ])
})
