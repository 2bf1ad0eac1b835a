// Tests what every RollupStore and every DirtyHours must do.

import { beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import {
  type DayRollup,
  dayKey,
  dayRollup,
  foldQuery,
  type HourRollup,
  hourKey,
  hourOf,
  hourRollup,
  SLICES,
  type Slice,
  sliceOf,
  sliceOfText,
  sumRows,
} from '../../../functions/domain/results/rollup.ts'
import { SegmentSums, sumSegments } from '../../../functions/domain/results/segment-sums.ts'
import {
  daySegments,
  daySegmentsKey,
  hourSegments,
  hourSegmentsKey,
  type SegmentSum,
} from '../../../functions/domain/results/segments.ts'
import { type QueryRollup, QueryTallies, queryRollups } from '../../../functions/domain/results/top-queries.ts'
import { VersionConflictError } from '../../../functions/ports.ts'
import type {
  DirtyHours,
  KeyedSearch,
  RollupStore,
  StoredDirtyPeriod,
  StoredRow,
} from '../../../functions/result-ports.ts'
import { EXPIRES_MS, rowsOf } from './result-store-contract.ts'

export interface ReadableRollups {
  readonly store: RollupStore
  readonly dirtyHours: DirtyHours
  put(row: ResultRow): Promise<void>
  /** Returns the lists of a day as users query them. */
  queries(day: string): Promise<readonly QueryRollup[]>
}

const METADATA = { computedAtMs: Date.parse('2026-03-02T10:00:00.000Z'), expiresAtMs: EXPIRES_MS }
const DAY = '2026-03-02'
const rows = [...rowsOf(5), ...rowsOf(6, 'ben')]
const hour = hourRollup('2026-03-02T00', sumRows(rows))

function ranking(...queries: readonly string[]): QueryRollup[] {
  const tallies = new QueryTallies()
  const [row] = rows
  for (const query of queries) if (row?.kind === 'search') tallies.add({ ...row, query })
  return queryRollups(DAY, tallies.all())
}

/** Values as hostile producers may send them. */
const HOSTILE = ['a#b', 'a\u0000b\n', '\u{1F600}'.repeat(64), '__proto__', ' ', '"', 'top']

function segmentsOf(values: readonly string[]): readonly SegmentSum[] {
  const sums = new SegmentSums(['application'], sha256)
  for (const row of rows.filter((row) => row.kind === 'search'))
    for (const [n, value] of values.entries())
      sums.add({ ...row, pk: `user#u${n}`, clicks: n, labels: { application: value } })
  return sums.all(50)[0]?.values ?? []
}

async function all<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const page of pages) found.push(...page)
  return found
}

async function* pagesOf<T>(pages: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  for await (const page of pages) yield [page]
}

/** @param make creates a store without rollups, rows or dirty hours. */
export function rollupStoreContract(name: string, make: () => Promise<ReadableRollups>): void {
  describe(`a rollup store ${name}`, () => {
    let rollups: ReadableRollups
    beforeEach(async () => {
      rollups = await make()
    })

    const rowsIn = async (hour: string, slice: Slice): Promise<StoredRow[]> =>
      (await all(pagesOf(rollups.store.rowsOf(hour, slice, null, true)))).flatMap(({ rows }) => rows)
    /** Searches of the slice in which the query `a1` is. */
    const searchesIn = (hour: string, afterKey: string | null): Promise<KeyedSearch[]> =>
      all(rollups.store.searchesOf(hour, sliceOfText('a1', sha256), afterKey))

    it('yields the rows of an hour, each in its slice, with all that rollups sum', async () => {
      for (const row of rows) await rollups.put(row)
      for (const slice of SLICES) {
        const found = await rowsIn('2026-03-02T00', slice)
        expect(sumRows(found.map(({ row }) => row))).toEqual(
          sumRows(rows.filter((row) => sliceOf(row, sha256) === slice)),
        )
        expect(found.filter(({ expiresAtMs }) => expiresAtMs !== EXPIRES_MS)).toEqual([])
      }
    })

    it('yields the partition of each search where segments need it', async () => {
      for (const row of rows) await rollups.put(row)
      const partitionsOf = (found: readonly object[]): unknown[] =>
        found.map((row) => ('pk' in row ? row.pk : null)).sort()
      const found = (await Promise.all(SLICES.map((slice) => rowsIn('2026-03-02T00', slice)))).flat()
      expect(partitionsOf(found.map(({ row }) => row))).toEqual(partitionsOf(rows))
    })

    it('yields the labels of searches that have some', async () => {
      for (const row of rows) await rollups.put(row)
      const found = (await Promise.all(SLICES.map((slice) => rowsIn('2026-03-02T00', slice)))).flat()
      const labelsOf = (all: readonly object[]) =>
        all.map((row) => JSON.stringify(Object.entries('labels' in row ? (row.labels ?? {}) : {}).sort())).sort()
      expect(labelsOf(found.map(({ row }) => row))).toEqual(labelsOf(rows))
      expect(labelsOf(rows)).toContain('[["application","shöp"],["variant",""]]')
    })

    it('yields no row of another hour', async () => {
      for (const row of rows) await rollups.put(row)
      const found = await Promise.all(SLICES.map((slice) => rowsIn('2026-03-02T01', slice)))
      expect(found.flat()).toEqual([])
      expect(await searchesIn('2026-03-02T01', null)).toEqual([])
    })

    it('yields the searches of an hour, each in its slice, with all that a ranking reads', async () => {
      for (const row of rows) await rollups.put(row)
      const searches = rows.filter((row) => row.kind === 'search')
      const expected = new QueryTallies()
      for (const row of searches) expected.add(row)
      const tallies = new QueryTallies()
      for (const slice of SLICES) {
        const found = await all(rollups.store.searchesOf('2026-03-02T00', slice, null))
        for (const { row } of found) expect(sliceOfText(foldQuery(row.query), sha256)).toBe(slice)
        for (const { row } of found) tallies.add(row)
      }
      expect(queryRollups(DAY, tallies.all())).toEqual(queryRollups(DAY, expected.all()))
    })

    it('yields searches in the byte order of their keys, and goes on after a key', async () => {
      const [row] = rows.filter((row) => row.kind === 'search')
      const queries = ['z', 'a', '\u{1F600}', '\uFFFD', 'ab', 'a b', 'é', 'a'].flatMap((text) =>
        Array.from({ length: 20 }, (_, n) => `${text}${n % 10}`),
      )
      for (const [n, query] of queries.entries())
        await rollups.put({ ...(row as ResultRow), query, sk: `s${n}` } as ResultRow)
      const keys = (await searchesIn('2026-03-02T00', null)).map(({ key }) => key)
      expect(keys).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
      expect(new Set(keys).size).toBeGreaterThan(1)
      for (const key of new Set(keys)) {
        const after = (await searchesIn('2026-03-02T00', key)).map((search) => search.key)
        expect(after).toEqual(keys.slice(keys.lastIndexOf(key) + 1))
      }
    })

    it('holds what a run leaves unfinished for a day', async () => {
      await rollups.store.saveProgress('queries#2026-03-03', { best: [] }, 1000)
      expect(await rollups.store.loadProgress('queries#2026-03-03', 1000 + DAY_MS - 1)).toEqual({ best: [] })
      expect(await rollups.store.loadProgress('queries#2026-03-03', 2000 + DAY_MS)).toBeNull()
    })

    it('holds what a run leaves unfinished until it is replaced or removed', async () => {
      const large = { hour: 'x', text: Array.from({ length: 60_000 }, (_, n) => sha256(String(n))).join('') }
      expect(await rollups.store.loadProgress('hour', 1000)).toBeNull()
      await rollups.store.saveProgress('hour', large, 1000)
      await rollups.store.saveProgress('queries#2026-03-02', { best: [] }, 1000)
      expect(await rollups.store.loadProgress('hour', 2000)).toEqual(large)
      await rollups.store.saveProgress('hour', { hour: 'y' }, 2000)
      expect(await rollups.store.loadProgress('hour', 2000)).toEqual({ hour: 'y' })
      await rollups.store.saveProgress('hour', null, 3000)
      expect(await rollups.store.loadProgress('hour', 3000)).toBeNull()
      expect(await rollups.store.loadProgress('queries#2026-03-02', 3000)).toEqual({ best: [] })
    })

    it('stores hours and days with every count and every ratio', async () => {
      const day = dayRollup(DAY, [hour])
      await rollups.store.save(hour, 0, METADATA)
      await rollups.store.save(day, 0, METADATA)
      expect(await rollups.store.load<HourRollup>(hourKey('2026-03-02T00'))).toEqual({ rollup: hour, revision: 1 })
      expect(await rollups.store.load<DayRollup>(dayKey(DAY))).toEqual({ rollup: day, revision: 1 })
      expect(await rollups.store.load(hourKey('2026-03-02T01'))).toBeNull()
    })

    it('writes over the loaded revision only', async () => {
      const more = hourRollup('2026-03-02T00', { searches: 7 })
      await rollups.store.save(hour, 0, METADATA)
      await expect(rollups.store.save(more, 0, METADATA)).rejects.toBeInstanceOf(VersionConflictError)
      await rollups.store.save(more, 1, METADATA)
      await expect(rollups.store.save(hour, 1, METADATA)).rejects.toBeInstanceOf(VersionConflictError)
      expect(await rollups.store.load(hourKey('2026-03-02T00'))).toEqual({ rollup: more, revision: 2 })
    })

    it('removes the loaded revision only, and writes the sum anew after that', async () => {
      await rollups.store.save(hour, 0, METADATA)
      const key = hourKey('2026-03-02T00')
      await expect(rollups.store.remove(key, 2)).rejects.toBeInstanceOf(VersionConflictError)
      await rollups.store.remove(key, 1)
      expect(await rollups.store.load(key)).toBeNull()
      await expect(rollups.store.remove(key, 1)).rejects.toBeInstanceOf(VersionConflictError)
      await rollups.store.save(hour, 0, METADATA)
      expect(await rollups.store.load(key)).toEqual({ rollup: hour, revision: 1 })
    })

    it('returns the hours of a day in order, and none of another day', async () => {
      const hours = ['2026-03-02T13', '2026-03-02T02', '2026-03-03T00', '2026-03-01T23']
      for (const one of hours) await rollups.store.save(hourRollup(one, { searches: 1 }), 0, METADATA)
      expect((await rollups.store.hoursOf(DAY)).map(hourOf)).toEqual(['2026-03-02T02', '2026-03-02T13'])
    })

    it('stores hours and days by the values of a label, with every count and every bucket', async () => {
      const values = segmentsOf(['shop', ...HOSTILE])
      const hour = hourSegments('application', '2026-03-02T00', values, '2027-04-06T00:00:00.000Z')
      const day = daySegments('application', DAY, sumSegments([values, values], 3))
      for (const segments of [hour, day]) await rollups.store.save(segments, 0, METADATA)
      expect(await rollups.store.load(hourSegmentsKey('application', hour.sk))).toEqual({ rollup: hour, revision: 1 })
      expect(await rollups.store.load(daySegmentsKey('application', DAY))).toEqual({ rollup: day, revision: 1 })
      expect(await rollups.store.load(daySegmentsKey('variant', DAY))).toBeNull()
    })

    it('loads the values of a label in the form in which they were summed, so that equal sums are found', async () => {
      const hour = hourSegments('application', '2026-03-02T00', segmentsOf(['shop', ...HOSTILE]), null)
      await rollups.store.save(hour, 0, METADATA)
      const stored = await rollups.store.load<typeof hour>(hourSegmentsKey('application', hour.sk))
      expect(JSON.stringify(stored?.rollup.values)).toBe(JSON.stringify(hour.values))
    })

    it('writes over and removes only the loaded revision of a label', async () => {
      const hour = hourSegments('application', '2026-03-02T00', segmentsOf(['shop']), null)
      const more = { ...hour, values: segmentsOf(['shop', 'blog']) }
      const key = hourSegmentsKey('application', hour.sk)
      await rollups.store.save(hour, 0, METADATA)
      await expect(rollups.store.save(more, 0, METADATA)).rejects.toBeInstanceOf(VersionConflictError)
      await rollups.store.save(more, 1, METADATA)
      await expect(rollups.store.remove(key, 1)).rejects.toBeInstanceOf(VersionConflictError)
      await rollups.store.remove(key, 2)
      expect(await rollups.store.load(key)).toBeNull()
    })

    it('returns the hours of a day by a label in order, and none of another day or label', async () => {
      const save = (label: string, hour: string) =>
        rollups.store.save(hourSegments(label, hour, segmentsOf(['shop']), null), 0, METADATA)
      for (const hour of ['2026-03-02T13', '2026-03-02T02', '2026-03-03T00', '2026-03-01T23'])
        await save('application', hour)
      await save('application-2', '2026-03-02T05')
      await rollups.store.save(hourRollup('2026-03-02T05', { searches: 1 }), 0, METADATA)
      const hours = await rollups.store.segmentHoursOf(DAY, 'application')
      expect(hours.map(({ sk, label }) => [sk, label])).toEqual([
        ['2026-03-02T02', 'application'],
        ['2026-03-02T13', 'application'],
      ])
      expect((await rollups.store.hoursOf(DAY)).map(hourOf)).toEqual(['2026-03-02T05'])
    })

    it('replaces the lists of a day with the next ranking, and leaves no entry of the last one', async () => {
      expect(await rollups.store.ranking(DAY)).toBeNull()
      await rollups.store.saveRanking(DAY, ranking('dogs', 'dogs', 'cats', 'fruit'), 0, METADATA)
      const first = await rollups.store.ranking(DAY)
      expect(first?.computedAtMs).toBe(METADATA.computedAtMs)
      await rollups.store.saveRanking(DAY, ranking('cats', 'cats'), first?.revision ?? 0, METADATA)
      expect(await rollups.queries(DAY)).toEqual(ranking('cats', 'cats'))
    })

    it('stores more entries than one transaction takes', async () => {
      const many = ranking(...Array.from({ length: 250 }, (_, n) => `query ${n}`))
      await rollups.store.saveRanking(DAY, many, 0, METADATA)
      expect(await rollups.queries(DAY)).toEqual(many)
    })

    it('replaces the loaded ranking only', async () => {
      await rollups.store.saveRanking(DAY, ranking('dogs'), 0, METADATA)
      await expect(rollups.store.saveRanking(DAY, ranking('cats'), 0, METADATA)).rejects.toBeInstanceOf(
        VersionConflictError,
      )
      expect(await rollups.queries(DAY)).toEqual(ranking('dogs'))
    })
  })

  describe(`dirty hours ${name}`, () => {
    let dirtyHours: DirtyHours
    beforeEach(async () => {
      dirtyHours = (await make()).dirtyHours
    })
    const stored = async () => [...(await all(dirtyHours.pages('hour'))), ...(await all(dirtyHours.pages('queries')))]
    const dirtyHour: StoredDirtyPeriod = { kind: 'hour', of: '2026-03-02T09', atMs: 1000, seenMs: null }
    const dirtyDay: StoredDirtyPeriod = { kind: 'queries', of: '2026-03-02', atMs: 1000, seenMs: null }

    it('stay until they are cleared, each on its own', async () => {
      await dirtyHours.mark([dirtyHour, dirtyDay])
      expect(await stored()).toEqual([dirtyHour, dirtyDay])
      await dirtyHours.clear(dirtyHour)
      await dirtyHours.clear(dirtyHour)
      expect(await stored()).toEqual([dirtyDay])
    })

    it('are read by kind, the newest period first', async () => {
      const hours = ['2026-03-02T09', '1971-01-01T00', '2026-03-02T10', '2025-12-31T23']
      const days = ['1971-01-01', '2026-03-02', '2025-12-31']
      await dirtyHours.mark(hours.map((of) => ({ ...dirtyHour, of })))
      await dirtyHours.mark(days.map((of) => ({ ...dirtyDay, of })))
      const read = async (kind: StoredDirtyPeriod['kind']) => (await all(dirtyHours.pages(kind))).map(({ of }) => of)
      expect(await read('hour')).toEqual(['2026-03-02T10', '2026-03-02T09', '2025-12-31T23', '1971-01-01T00'])
      expect(await read('queries')).toEqual(['2026-03-02', '2025-12-31', '1971-01-01'])
    })

    it('stay when they are marked again before they are cleared', async () => {
      await dirtyHours.mark([dirtyHour])
      await dirtyHours.mark([{ ...dirtyHour, atMs: 2000 }])
      await dirtyHours.clear(dirtyHour)
      expect(await stored()).toEqual([{ ...dirtyHour, atMs: 2000 }])
    })

    it('hold the time when a run first saw them, and are cleared only with that time', async () => {
      await dirtyHours.mark([dirtyHour])
      await dirtyHours.markSeen(dirtyHour, 5000)
      await dirtyHours.markSeen(dirtyHour, 6000)
      await dirtyHours.clear(dirtyHour)
      expect(await stored()).toEqual([{ ...dirtyHour, seenMs: 5000 }])
      await dirtyHours.clear({ ...dirtyHour, seenMs: 5000 })
      expect(await stored()).toEqual([])
    })

    it('are unseen and stay when they are marked again at the same moment', async () => {
      await dirtyHours.mark([dirtyHour])
      await dirtyHours.markSeen(dirtyHour, 5000)
      await dirtyHours.mark([dirtyHour])
      await dirtyHours.clear({ ...dirtyHour, seenMs: 5000 })
      expect(await stored()).toEqual([dirtyHour])
    })

    it('stay unseen when they are marked again before a run reports them as seen', async () => {
      await dirtyHours.mark([dirtyHour])
      await dirtyHours.mark([{ ...dirtyHour, atMs: 2000 }])
      await dirtyHours.markSeen(dirtyHour, 5000)
      expect(await stored()).toEqual([{ ...dirtyHour, atMs: 2000 }])
    })
  })
}
