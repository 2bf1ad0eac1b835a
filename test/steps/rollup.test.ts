// Tests rollups: the sums of dirty hours are those of the rows, whatever happens to a run.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import type { SearchRow } from '../../functions/domain/results/result.ts'
import { dayRollup, type HourRollup, hourOf, hourRollup, sumRows } from '../../functions/domain/results/rollup.ts'
import { QueryTallies, queryRollups } from '../../functions/domain/results/top-queries.ts'
import { forget } from '../../functions/forget/forget.ts'
import { memoryRollupStore } from '../../functions/memory/memory-rollups.ts'
import { VersionConflictError } from '../../functions/ports.ts'
import { type RollupReport, rollup } from '../../functions/rollup/rollup.ts'
import type { RollupRequest } from '../../functions/rollup/rollup-request.ts'
import type { RollupPorts } from '../../functions/rollup/rollup-run.ts'
import { at, RULES, record, type Sent } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { randomSends, SEED } from '../support/random-log.ts'

const SETTINGS = { rollupRetentionMs: 1100 * DAY_MS, rankEveryMs: HOUR_MS, segments: [], segmentValuesMax: 50 }
const MORNING = at(0)

function rollUp(
  { dirtyHours, rollups }: MemoryPipeline,
  nowMs: number,
  {
    drain = false,
    indexLagMs,
    share,
    ...own
  }: Partial<RollupPorts> & Partial<RollupRequest> & { indexLagMs?: number } = {},
): Promise<RollupReport> {
  const request = { drain, ...(share !== undefined && { share }) }
  return rollup(
    request,
    { dirtyHours, rollups, digest: sha256, hasTime: () => true, ...own },
    { ...SETTINGS, indexLagMs },
    nowMs,
  )
}

async function take(pipeline: MemoryPipeline, sends: readonly Sent[], nowMs: number): Promise<void> {
  await pipeline.ingest(
    sends.map((sent) => record(sent, nowMs)),
    nowMs,
  )
  await pipeline.sweep(nowMs + 1, true)
  await pipeline.finalizeAll(nowMs)
}

/** Reads the rows as if all of them expired at the moment. */
function expiring({ rollups }: MemoryPipeline, expiresAtMs: number): typeof rollups.rowsOf {
  return async function* (hour, slice, from, isSegmented) {
    for await (const { rows, next } of rollups.rowsOf(hour, slice, from, isSegmented))
      yield { rows: rows.map(({ row }) => ({ row, expiresAtMs })), next }
  }
}

const DOGS = { type: 'Search', user: 'ann', time: at(0), eventId: 'dogs', query: 'dogs' }
const CLICK = { type: 'ClickResult', user: 'ann', time: at(5), eventId: 'click', item: 'rex' }

function expectSummed({ results, rollups }: MemoryPipeline): void {
  const rows = [...results.rows.values()]
  const hours = [...new Set(rows.map(hourOf))].sort()
  const expected = hours.map((hour) => hourRollup(hour, sumRows(rows.filter((row) => hourOf(row) === hour))))
  const stored = [...rollups.rollups.values()]
  const storedHours = stored.filter(({ kind }) => kind === 'hour').sort((a, b) => (a.sk < b.sk ? -1 : 1))
  expect(storedHours.map((hour) => ({ ...hour, rows_expire_at: null }))).toEqual(expected)
  for (const day of new Set(hours.map((hour) => hour.slice(0, 10)))) {
    expect(rollups.rollups.get(`rollup#day ${day}`)).toEqual(
      dayRollup(
        day,
        expected.filter((hour) => hour.day === day),
      ),
    )
    const tallies = new QueryTallies()
    for (const row of rows) if (row.kind === 'search' && row.day === day) tallies.add(row as SearchRow)
    expect(rollups.queries.get(day)).toEqual(queryRollups(day, tallies.all()))
  }
}

describe('after any events', () => {
  it('sums hours, days and queries to those of the rows, whenever the runs come', async () => {
    await fc.assert(
      fc.asyncProperty(randomSends, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), async (sends, runs) => {
        const pipeline = memoryPipeline({ ...RULES, gapMs: 10_000, latenessMs: 0 })
        for (const [n, sent] of sends.entries()) {
          await pipeline.ingest([record(sent, at(300 + n))], at(300 + n))
          await pipeline.sweep(at(320 + n))
          await pipeline.finalizeAll(at(300 + n))
          if (runs[n]) await rollUp(pipeline, at(300 + n))
        }
        await pipeline.sweep(at(100_000), true)
        await pipeline.finalizeAll(at(100_000))
        await rollUp(pipeline, at(100_001), { drain: true })
        expectSummed(pipeline)
      }),
      { seed: SEED, numRuns: 200 },
    )
  })
})

describe('an hour', () => {
  it('has no item once an amendment has moved its only rows to another hour, and neither has its day', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [{ ...CLICK, time: at(10) }], at(10))
    await rollUp(pipeline, at(20))
    expect(pipeline.rollups.rollups.get('rollup#day 2026-03-02')).toMatchObject({ orphan_clicks: 1, sessions: 0 })
    await take(pipeline, [{ ...DOGS, time: at(-10) }], at(30))
    await rollUp(pipeline, at(40), { drain: true })
    expectSummed(pipeline)
    expect([...pipeline.rollups.rollups.keys()].sort()).toEqual(['rollup#day 2026-03-01', 'rollup#hour 2026-03-01T23'])
  })

  it('sums an hour again when its session is amended, and the hour into which the session moved', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], at(10))
    await rollUp(pipeline, at(20))
    expect(pipeline.rollups.rollups.get('rollup#day 2026-03-02')).toMatchObject({ searches: 1, ctr: 0, sessions: 1 })
    await take(pipeline, [CLICK, { ...DOGS, eventId: 'before', time: at(-100) }], at(30))
    await rollUp(pipeline, at(40), { drain: true })
    expectSummed(pipeline)
    expect(pipeline.rollups.rollups.get('rollup#hour 2026-03-02T00')).toMatchObject({
      searches: 1,
      ctr: 1,
      sessions: 0,
    })
    expect(pipeline.rollups.rollups.get('rollup#hour 2026-03-01T23')).toMatchObject({
      searches: 1,
      ctr: 0,
      sessions: 1,
    })
  })

  it('leaves an hour dirty until the index has surely caught up with its rows', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    await rollUp(pipeline, MORNING + 60 * MINUTE_MS)
    await rollUp(pipeline, MORNING + 74 * MINUTE_MS)
    expect([...pipeline.dirtyHours.periods.keys()].sort()).toEqual(['hour#2026-03-02T00', 'queries#2026-03-02'])
    await rollUp(pipeline, MORNING + 75 * MINUTE_MS)
    expect([...pipeline.dirtyHours.periods.keys()]).toEqual(['queries#2026-03-02'])
  })

  it('clears an hour in the second run where the index never trails, so that a retry sums only what failed', async () => {
    const pipeline = memoryPipeline(RULES)
    const isHourDirty = (): boolean => pipeline.dirtyHours.periods.has('hour#2026-03-02T00')
    await take(pipeline, [DOGS], MORNING)
    await rollUp(pipeline, MORNING + 1, { indexLagMs: 0, drain: true })
    expect(isHourDirty()).toBe(true)
    await rollUp(pipeline, MORNING + 2, { indexLagMs: 0, drain: true })
    expect(isHourDirty()).toBe(false)
    expect(await rollUp(pipeline, MORNING + 3, { indexLagMs: 0, drain: true })).toMatchObject({
      hours: 0,
      conflicts: 0,
    })
    expect([...pipeline.dirtyHours.periods.keys()]).toEqual([])
  })

  it('does not write an unchanged hour again', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    expect(await rollUp(pipeline, MORNING + MINUTE_MS)).toMatchObject({ hours: 1, days: 1, daysRanked: 1, rowsRead: 3 })
    expect(await rollUp(pipeline, MORNING + 2 * MINUTE_MS)).toMatchObject({ hours: 0, days: 0, daysRanked: 0 })
  })

  it('sums an hour no more once the first of its rows has expired', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    await rollUp(pipeline, MORNING)
    const { rows_expire_at } = pipeline.rollups.rollups.get('rollup#hour 2026-03-02T00') as HourRollup
    const expiryMs = Date.parse(rows_expire_at as string)
    const sumAgain = async (atMs: number): Promise<number | undefined> => {
      await pipeline.dirtyHours.mark([{ kind: 'hour', of: '2026-03-02T00', atMs: 0 }])
      await rollUp(pipeline, atMs)
      return pipeline.rollups.rollups.get('rollup#hour 2026-03-02T00')?.searches
    }
    for (const row of [...pipeline.results.rows.values()]) await pipeline.results.remove(row, 1_000_000)
    expect(await sumAgain(expiryMs)).toBe(1)
    expect(await sumAgain(expiryMs - 1)).toBeUndefined()
  })

  it('leaves an hour to the next run when another run wrote it meanwhile', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    const save = async () => {
      throw new VersionConflictError('2026-03-02T00', 1)
    }
    const rollups = { ...pipeline.rollups, save }
    for (const minutes of [20, 40]) {
      const overtaken = await rollUp(pipeline, MORNING + minutes * MINUTE_MS, { rollups })
      expect(overtaken.conflicts).toBe(1)
    }
    expect(pipeline.dirtyHours.periods.has('hour#2026-03-02T00')).toBe(true)
    await rollUp(pipeline, MORNING + 45 * MINUTE_MS, { drain: true })
    expectSummed(pipeline)
  })

  it('begins no hour when the time is up', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    expect(await rollUp(pipeline, MORNING, { hasTime: () => false })).toMatchObject({ hours: 0, isUnfinished: true })
    expect(pipeline.rollups.rollups.size).toBe(0)
  })
})

describe('a failure', () => {
  it('delays a drain by few runs where the index never trails, though every fourth hour fails in a run', async () => {
    const pipeline = memoryPipeline(RULES)
    const sends = Array.from({ length: 48 }, (_, hour) => {
      return { ...DOGS, user: `u${hour}`, eventId: `e${hour}`, time: at(hour * 3600) }
    })
    await take(pipeline, sends, at(48 * 3600))
    const RUNS_MAX = 12
    let loads = 0
    const load: typeof pipeline.rollups.load = (key) => {
      loads++
      return loads % 4 === 0 ? Promise.reject(new Error('throttled')) : pipeline.rollups.load(key)
    }
    const runsUntilDone = async (indexLagMs: number): Promise<number> => {
      for (let runs = 1; runs < RUNS_MAX; runs++) {
        const own = { indexLagMs, drain: true, rollups: { ...pipeline.rollups, load } }
        const { failed } = await rollUp(pipeline, at(48 * 3600) + runs * SECOND_MS, own)
        if (failed === null) return runs
      }
      return RUNS_MAX
    }
    expect(await runsUntilDone(15 * MINUTE_MS)).toBe(RUNS_MAX)
    expect(await runsUntilDone(0)).toBeLessThan(10)
    expectSummed(pipeline)
  })

  it('delays no other hour, day or ranking, and reports the failure', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS, { ...DOGS, user: 'ben', eventId: 'next', time: at(90_000) }], at(90_010))
    const save: typeof pipeline.rollups.save = (sum, base, metadata) =>
      sum.day === '2026-03-02' ? Promise.reject(new Error('throttled')) : pipeline.rollups.save(sum, base, metadata)
    const report = await rollUp(pipeline, at(90_020), { rollups: { ...pipeline.rollups, save } })
    expect(report).toMatchObject({ hours: 1, days: 1, failed: { count: 1, cause: new Error('throttled') } })
    expect(pipeline.rollups.rollups.get('rollup#day 2026-03-03')).toMatchObject({ searches: 1 })
    expect(pipeline.dirtyHours.periods.has('hour#2026-03-02T00')).toBe(true)
  })

  it('sums the hours that no run has seen first when the last run had too little time', async () => {
    const pipeline = memoryPipeline(RULES)
    const hours = [0, 1, 2, 3].map((hour) => ({
      ...DOGS,
      eventId: `in ${hour}`,
      time: at(hour * 3600),
      user: `u${hour}`,
    }))
    await take(pipeline, hours, at(20_000))
    let checks = 0
    const first = await rollUp(pipeline, at(20_010), { hasTime: () => ++checks < 3 })
    expect(first).toMatchObject({ hours: 2, isUnfinished: true })
    checks = 0
    const second = await rollUp(pipeline, at(20_020), { hasTime: () => ++checks < 3 })
    expect(second.hours).toBe(2)
    expect([...pipeline.rollups.rollups.values()].filter(({ kind }) => kind === 'hour')).toHaveLength(4)
    expect(pipeline.rollups.rollups.get('rollup#day 2026-03-02')).toMatchObject({ searches: 4 })
  })
})

describe('the order of reads', () => {
  it('reads the rows after the stored revision, so that another run’s write makes it fail', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    const calls: string[] = []
    const { load, rowsOf } = pipeline.rollups
    await rollUp(pipeline, MORNING + MINUTE_MS, {
      rollups: {
        ...pipeline.rollups,
        load: (key) => {
          calls.push(`loads ${key.sk}`)
          return load(key)
        },
        rowsOf: (hour, slice, from, isSegmented) => {
          if (!calls.includes('reads')) calls.push('reads')
          return rowsOf(hour, slice, from, isSegmented)
        },
      },
    })
    expect(calls.slice(0, 2)).toEqual(['loads 2026-03-02T00', 'reads'])
  })
})

describe('a flood of a hundred thousand dirty hours of 1971 and later', () => {
  const FLOOD_START_MS = Date.parse('1971-01-01T00:00:00.000Z')
  const flood = Array.from({ length: 100_000 }, (_, hour) => {
    const of = new Date(FLOOD_START_MS + hour * HOUR_MS).toISOString().slice(0, 'YYYY-MM-DDTHH'.length)
    return { kind: 'hour' as const, of, atMs: MORNING }
  })
  const TODAY = 'hour#2026-03-02T00'
  const LAST_WEEK = '2026-02-25T10'

  /** Counts the hours that a run sums, and gives it time for so many. */
  function metered(pipeline: MemoryPipeline, hoursMax: number) {
    const summed: string[] = []
    const load: typeof pipeline.rollups.load = (key) => {
      if (key.pk === 'rollup#hour') summed.push(key.sk)
      return pipeline.rollups.load(key)
    }
    return { summed, ports: { rollups: { ...pipeline.rollups, load }, hasTime: () => summed.length < hoursMax } }
  }

  it('delays no hour and no ranking of today, and a run sums a bounded number of the hours', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.dirtyHours.mark(flood)
    await take(pipeline, [DOGS], MORNING)
    const { summed, ports } = metered(pipeline, Number.POSITIVE_INFINITY)
    expect(await rollUp(pipeline, MORNING + MINUTE_MS, ports)).toMatchObject({ hours: 1, isUnfinished: true })
    expect(summed).toHaveLength(501)
    expect([summed[0], summed[1]]).toEqual(['2026-03-02T00', flood.at(-1)?.of])
    expect(pipeline.rollups.rollups.get('rollup#day 2026-03-02')).toMatchObject({ searches: 1 })
    expect(pipeline.rollups.queries.get('2026-03-02')?.map(({ query }) => query)).toContain('dogs')
  })

  it('delays nothing of the last week when every hour is marked again before each run', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    const lateMs = Date.parse(`${LAST_WEEK}:00:00.000Z`)
    await take(pipeline, [{ ...DOGS, user: 'ben', eventId: 'late', query: 'cats', time: lateMs }], MORNING)
    const everySummed: string[][] = []
    for (const minutes of [5, 25, 45, 65, 85]) {
      const nowMs = MORNING + minutes * MINUTE_MS
      await pipeline.dirtyHours.mark([...flood, { kind: 'hour', of: '2026-03-02T00', atMs: nowMs }])
      const { summed, ports } = metered(pipeline, 520)
      await rollUp(pipeline, nowMs, ports)
      everySummed.push(summed)
    }
    expect(everySummed.map(([first]) => first)).toEqual(everySummed.map(() => '2026-03-02T00'))
    expect(pipeline.dirtyHours.periods.has(`hour#${LAST_WEEK}`)).toBe(false)
    expect(pipeline.dirtyHours.periods.has('queries#2026-02-25')).toBe(false)
    expect(pipeline.rollups.queries.get('2026-02-25')?.map(({ query }) => query)).toContain('cats')
  })

  it('would hide today if dirty periods came oldest first', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.dirtyHours.mark(flood)
    await take(pipeline, [DOGS], MORNING)
    const oldestFirst: RollupPorts['dirtyHours'] = {
      ...pipeline.dirtyHours,
      pages: async function* (kind) {
        for await (const page of pipeline.dirtyHours.pages(kind)) yield [...page].reverse()
      },
    }
    const { summed, ports } = metered(pipeline, Number.POSITIVE_INFINITY)
    await rollUp(pipeline, MORNING + MINUTE_MS, { ...ports, dirtyHours: oldestFirst })
    expect(summed).not.toContain('2026-03-02T00')
    expect(pipeline.dirtyHours.periods.get(TODAY)?.seenMs).toBeNull()
  })

  it('is summed in the end, one part in each run', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.dirtyHours.mark(flood.slice(0, 2000))
    let runs = 0
    const { summed, ports } = metered(pipeline, Number.POSITIVE_INFINITY)
    const drain = () => rollUp(pipeline, MORNING + ++runs, { ...ports, drain: true, indexLagMs: 0 })
    while ((await drain()).isUnfinished) expect(runs).toBeLessThan(10)
    expect(new Set(summed).size).toBe(2000)
  })
})

describe('work that is larger than the time of a run', () => {
  const USERS = 40
  const HOUR = '2026-03-02T00'

  /** Users who all search in one hour: each for a query of its own, and for one that all share. */
  async function largeHour(): Promise<MemoryPipeline> {
    const pipeline = memoryPipeline(RULES)
    const sends = Array.from({ length: USERS }, (_, n) => [
      { ...DOGS, user: `u${n}`, eventId: `own ${n}`, query: `query ${n}` },
      { ...DOGS, user: `u${n}`, eventId: `shared ${n}`, time: at(5) },
    ]).flat()
    await take(pipeline, sends, at(60))
    return inSmallPages(pipeline)
  }

  /** The same pipeline, where a page holds one row. */
  function inSmallPages(pipeline: MemoryPipeline): MemoryPipeline {
    return { ...pipeline, rollups: memoryRollupStore(pipeline.results.rowsInHour, sha256, undefined, 1) }
  }

  /** Returns true so many times, and false from then on. */
  function timeFor(checks: number): () => boolean {
    let left = checks
    return () => left-- > 0
  }

  it('sums an hour over several runs, and reads each row once', async () => {
    const pipeline = await largeHour()
    let rowsRead = 0
    const rowsOf: typeof pipeline.rollups.rowsOf = async function* (hour, slice, from, isSegmented) {
      for await (const page of pipeline.rollups.rowsOf(hour, slice, from, isSegmented)) {
        rowsRead += page.rows.length
        yield page
      }
    }
    let runs = 0
    while (!pipeline.rollups.rollups.has(`rollup#hour ${HOUR}`)) {
      await rollUp(pipeline, at(100 + runs), { hasTime: timeFor(20), rollups: { ...pipeline.rollups, rowsOf } })
      expect(++runs).toBeLessThan(10)
    }
    expect(runs).toBeGreaterThan(2)
    expect(rowsRead).toBe(pipeline.results.rows.size)
    expect(pipeline.rollups.rollups.get(`rollup#hour ${HOUR}`)).toMatchObject({ searches: 2 * USERS, sessions: USERS })
    expect([...pipeline.rollups.progress.keys()]).not.toContain('hour#0')
  })

  it('ranks a day over several runs, to the lists of its rows', async () => {
    const pipeline = await largeHour()
    let runs = 0
    while (!pipeline.rollups.queries.has('2026-03-02')) {
      await rollUp(pipeline, at(200 + runs), { hasTime: timeFor(3 * USERS + 50) })
      expect(++runs).toBeLessThan(10)
    }
    expect(runs).toBeGreaterThan(1)
    expectSummed(pipeline)
    expect([...pipeline.rollups.progress.keys()]).toEqual([])
  })

  it('goes on with the hour that it left unfinished before it begins another one', async () => {
    const pipeline = await largeHour()
    await rollUp(pipeline, at(100), { hasTime: timeFor(20) })
    await take(pipeline, [{ ...DOGS, user: 'ben', eventId: 'later', time: at(3600) }], at(3700))
    const loads: string[] = []
    const load: typeof pipeline.rollups.load = (key) => {
      loads.push(key.sk)
      return pipeline.rollups.load(key)
    }
    await rollUp(pipeline, at(3800), { rollups: { ...pipeline.rollups, load } })
    expect(loads[0]).toBe(HOUR)
  })

  it('keeps an hour dirty until a sum began some time after it was seen, however long the sum took', async () => {
    const pipeline = await largeHour()
    await rollUp(pipeline, MORNING + MINUTE_MS)
    const seenMs = MORNING + MINUTE_MS
    await rollUp(pipeline, seenMs + 14 * MINUTE_MS, { hasTime: timeFor(20) })
    await rollUp(pipeline, seenMs + 30 * MINUTE_MS)
    expect(pipeline.dirtyHours.periods.has(`hour#${HOUR}`)).toBe(true)
    await rollUp(pipeline, seenMs + 31 * MINUTE_MS)
    expect(pipeline.dirtyHours.periods.has(`hour#${HOUR}`)).toBe(false)
  })

  it('begins an hour anew once another run has stored its sum', async () => {
    const pipeline = await largeHour()
    await rollUp(pipeline, at(100), { hasTime: timeFor(20) })
    const stored = await pipeline.rollups.loadProgress<object>('hour#0', at(100))
    await rollUp(pipeline, at(101), { drain: true })
    await pipeline.rollups.saveProgress('hour#0', stored, at(101))
    await pipeline.dirtyHours.mark([{ kind: 'hour', of: HOUR, atMs: at(102) }])
    expect((await rollUp(pipeline, at(103))).rowsRead).toBe(pipeline.results.rows.size)
  })

  it('stores the sums and lists of the rows in the end, whatever the time of each run and the events between', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 30, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(randomSends, times, async (sends, checks) => {
        const pipeline = inSmallPages(memoryPipeline({ ...RULES, gapMs: 10_000, latenessMs: 0 }))
        for (const [n, sent] of sends.entries()) {
          await pipeline.ingest([record(sent, at(300 + n))], at(300 + n))
          await pipeline.sweep(at(320 + n))
          await pipeline.finalizeAll(at(300 + n))
          await rollUp(pipeline, at(300 + n), { hasTime: timeFor(checks[n] as number), indexLagMs: 0, drain: true })
        }
        await pipeline.sweep(at(100_000), true)
        await pipeline.finalizeAll(at(100_000))
        let runs = 0
        while (pipeline.dirtyHours.periods.size > 0) {
          expect(++runs).toBeLessThan(1000)
          await rollUp(pipeline, at(100_000 + runs), { hasTime: timeFor(10 + runs), indexLagMs: 0, drain: true })
        }
        expectSummed(pipeline)
      }),
      { seed: SEED, numRuns: 50 },
    )
  })
})

describe('runs that share the dirty hours', () => {
  it('sum hours that follow each other side by side, and their day together', async () => {
    const pipeline = memoryPipeline(RULES)
    const sends = Array.from({ length: 6 }, (_, n) => {
      return { ...DOGS, user: `u${n}`, eventId: `e${n}`, time: at(n * 3600 - 7200) }
    })
    await take(pipeline, sends, at(20_000))
    const shares = [0, 1].map((number) => ({ number, of: 2 }))
    const reports = await Promise.all(shares.map((share) => rollUp(pipeline, at(20_010), { share })))
    expect(reports.map(({ hours }) => hours)).toEqual([3, 3])
    expect(reports.map(({ failed, conflicts }) => ({ failed, conflicts }))).toEqual([
      { failed: null, conflicts: 0 },
      { failed: null, conflicts: 0 },
    ])
    for (const minutes of [16, 17, 90, 91]) {
      for (const share of shares) await rollUp(pipeline, at(20_010) + minutes * MINUTE_MS, { share })
    }
    expect([...pipeline.dirtyHours.periods.keys()]).toEqual([])
    expectSummed(pipeline)
  })
})

describe('forgetting a person', () => {
  it('removes a forgotten user’s searches from hours, days and queries', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS, { ...DOGS, user: 'ben', eventId: 'ben', query: 'secret' }], at(10))
    await rollUp(pipeline, at(20), { drain: true })
    expect(pipeline.rollups.queries.get('2026-03-02')?.map(({ query }) => query)).toContain('secret')
    const ports = { ...pipeline, pseudonym: (user: string) => user }
    await forget('ben', ports, { rules: RULES, deadLetterRetentionMs: DAY_MS }, at(100))
    await rollUp(pipeline, at(110), { drain: true })
    expect(pipeline.rollups.rollups.get('rollup#day 2026-03-02')).toMatchObject({ searches: 1, sessions: 1 })
    expect(pipeline.rollups.queries.get('2026-03-02')?.map(({ query }) => query)).not.toContain('secret')
  })
})

describe('the queries of a day', () => {
  it('ranks a day no more once one of its rows has expired, and lets the lists expire with it', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    const expiries: number[] = []
    const saveRanking: typeof pipeline.rollups.saveRanking = (day, queries, base, metadata) => {
      expiries.push(metadata.expiresAtMs)
      return pipeline.rollups.saveRanking(day, queries, base, metadata)
    }
    const rollups = { ...pipeline.rollups, saveRanking }
    const expiryMs = MORNING + 200 * DAY_MS
    await rollUp(pipeline, MORNING, { rollups: { ...rollups, rowsOf: expiring(pipeline, expiryMs) } })
    expect(expiries).toEqual([expiryMs])
    await pipeline.dirtyHours.mark([{ kind: 'queries', of: '2026-03-02', atMs: expiryMs }])
    for (const row of [...pipeline.results.rows.values()]) await pipeline.results.remove(row, 1_000_000)
    await rollUp(pipeline, expiryMs, { rollups, drain: true })
    expect(pipeline.rollups.queries.get('2026-03-02')?.map(({ query }) => query)).toContain('dogs')
  })

  it('ranks a day at most once in `rankEvery`, and once more after the last change', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    expect((await rollUp(pipeline, MORNING)).daysRanked).toBe(1)
    await take(pipeline, [{ ...DOGS, eventId: 'cats', query: 'cats', user: 'ben' }], MORNING + MINUTE_MS)
    expect((await rollUp(pipeline, MORNING + 59 * MINUTE_MS)).daysRanked).toBe(0)
    expect((await rollUp(pipeline, MORNING + 60 * MINUTE_MS)).daysRanked).toBe(1)
    expectSummed(pipeline)
    for (const minutes of [121, 182, 243]) await rollUp(pipeline, MORNING + minutes * MINUTE_MS)
    expect(pipeline.dirtyHours.periods.size).toBe(0)
    expectSummed(pipeline)
  })

  it('ranks a day at once in a drain', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    await rollUp(pipeline, MORNING)
    await take(pipeline, [CLICK], MORNING + MINUTE_MS)
    expect((await rollUp(pipeline, MORNING + MINUTE_MS, { drain: true })).daysRanked).toBe(1)
    expectSummed(pipeline)
  })

  it('writes no list when the time is up during a ranking', async () => {
    const pipeline = memoryPipeline(RULES)
    await take(pipeline, [DOGS], MORNING)
    let checks = 0
    const report = await rollUp(pipeline, MORNING, { hasTime: () => ++checks < 4 })
    expect(report).toMatchObject({ hours: 1, days: 1, daysRanked: 0, isUnfinished: true })
    expect(pipeline.rollups.queries.size).toBe(0)
    expect(pipeline.dirtyHours.periods.has('queries#2026-03-02')).toBe(true)
  })
})
