// The rules of RollupStore and DirtyHours: any implementation in, tests that hold for each of them out.

import { beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import {
  type DayRollup,
  dayKey,
  dayRollup,
  type HourRollup,
  hourKey,
  hourOf,
  hourRollup,
  SLICES,
  sliceOf,
  sumRows,
} from '../../../functions/domain/results/rollup.ts'
import { type QueryRollup, QueryTallies, queryRollups } from '../../../functions/domain/results/top-queries.ts'
import {
  type DirtyHours,
  type RollupStore,
  type StoredDirtyPeriod,
  VersionConflictError,
} from '../../../functions/ports.ts'
import { EXPIRES_MS, rowsOf } from './result-store-contract.ts'

export interface ReadableRollups {
  readonly store: RollupStore
  readonly dirtyHours: DirtyHours
  put(row: ResultRow): Promise<void>
  /** The lists of a day, as users query them. */
  queries(day: string): Promise<readonly QueryRollup[]>
}

const STAMP = { computedAtMs: Date.parse('2026-03-02T10:00:00.000Z'), expiresAtMs: EXPIRES_MS }
const DAY = '2026-03-02'
const rows = [...rowsOf(5), ...rowsOf(6, 'ben')]
const hour = hourRollup('2026-03-02T00', sumRows(rows))

function ranking(...queries: readonly string[]): QueryRollup[] {
  const tallies = new QueryTallies()
  const [row] = rows
  for (const query of queries) if (row?.kind === 'search') tallies.add({ ...row, query })
  return queryRollups(DAY, tallies.all())
}

async function all<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const page of pages) found.push(...page)
  return found
}

/** @param make a store without any rollup, row or touch. */
export function rollupStoreContract(name: string, make: () => Promise<ReadableRollups>): void {
  describe(`a rollup store ${name}`, () => {
    let rollups: ReadableRollups
    beforeEach(async () => {
      rollups = await make()
    })

    it('tells the rows of an hour, each in its slice, with all that they count', async () => {
      for (const row of rows) await rollups.put(row)
      const found = await Promise.all(SLICES.map((slice) => all(rollups.store.rowsOf('2026-03-02T00', slice))))
      for (const [n, slice] of SLICES.entries()) {
        const expected = rows.filter((row) => sliceOf(row, sha256) === slice).map(({ pk, sk }) => pk + sk)
        expect((found[n] ?? []).map(({ row: { pk, sk } }) => pk + sk).sort()).toEqual(expected.sort())
      }
      expect(sumRows(found.flat().map(({ row }) => row))).toEqual(sumRows(rows))
      expect(new Set(found.flat().map(({ expiresAtMs }) => expiresAtMs))).toEqual(new Set([EXPIRES_MS]))
    })

    it('tells no row of another hour', async () => {
      for (const row of rows) await rollups.put(row)
      const found = await Promise.all(SLICES.map((slice) => all(rollups.store.rowsOf('2026-03-02T01', slice))))
      expect(found.flat()).toEqual([])
    })

    it('keeps hours and days with every count and every ratio', async () => {
      const day = dayRollup(DAY, [hour])
      await rollups.store.save(hour, 0, STAMP)
      await rollups.store.save(day, 0, STAMP)
      expect(await rollups.store.load<HourRollup>(hourKey('2026-03-02T00'))).toEqual({ rollup: hour, revision: 1 })
      expect(await rollups.store.load<DayRollup>(dayKey(DAY))).toEqual({ rollup: day, revision: 1 })
      expect(await rollups.store.load(hourKey('2026-03-02T01'))).toBeNull()
    })

    it('writes over the revision that was loaded, and over no other', async () => {
      const more = hourRollup('2026-03-02T00', { searches: 7 })
      await rollups.store.save(hour, 0, STAMP)
      await expect(rollups.store.save(more, 0, STAMP)).rejects.toBeInstanceOf(VersionConflictError)
      await rollups.store.save(more, 1, STAMP)
      await expect(rollups.store.save(hour, 1, STAMP)).rejects.toBeInstanceOf(VersionConflictError)
      expect(await rollups.store.load(hourKey('2026-03-02T00'))).toEqual({ rollup: more, revision: 2 })
    })

    it('tells the hours of a day in order, and none of another day', async () => {
      const hours = ['2026-03-02T13', '2026-03-02T02', '2026-03-03T00', '2026-03-01T23']
      for (const one of hours) await rollups.store.save(hourRollup(one, { searches: 1 }), 0, STAMP)
      expect((await rollups.store.hoursOf(DAY)).map(hourOf)).toEqual(['2026-03-02T02', '2026-03-02T13'])
    })

    it('replaces the lists of a day by the next ranking, and leaves no rank of the last', async () => {
      expect(await rollups.store.ranking(DAY)).toBeNull()
      await rollups.store.saveRanking(DAY, ranking('dogs', 'dogs', 'cats', 'fruit'), 0, STAMP)
      const first = await rollups.store.ranking(DAY)
      expect(first?.computedAtMs).toBe(STAMP.computedAtMs)
      await rollups.store.saveRanking(DAY, ranking('cats', 'cats'), first?.revision ?? 0, STAMP)
      expect(await rollups.queries(DAY)).toEqual(ranking('cats', 'cats'))
    })

    it('takes more ranks than one transaction does', async () => {
      const many = ranking(...Array.from({ length: 250 }, (_, n) => `query ${n}`))
      await rollups.store.saveRanking(DAY, many, 0, STAMP)
      expect(await rollups.queries(DAY)).toEqual(many)
    })

    it('ranks only over the ranking that was loaded', async () => {
      await rollups.store.saveRanking(DAY, ranking('dogs'), 0, STAMP)
      await expect(rollups.store.saveRanking(DAY, ranking('cats'), 0, STAMP)).rejects.toBeInstanceOf(
        VersionConflictError,
      )
      expect(await rollups.queries(DAY)).toEqual(ranking('dogs'))
    })
  })

  describe(`dirtyHours ${name}`, () => {
    let dirtyHours: DirtyHours
    beforeEach(async () => {
      dirtyHours = (await make()).dirtyHours
    })
    const touch: StoredDirtyPeriod = { kind: 'hour', of: '2026-03-02T09', atMs: 1000, seenMs: null }
    const other: StoredDirtyPeriod = { kind: 'queries', of: '2026-03-02', atMs: 1000, seenMs: null }

    it('wait until they are settled, each for itself', async () => {
      await dirtyHours.mark([touch, other])
      expect(await all(dirtyHours.pages())).toEqual([touch, other])
      await dirtyHours.clear(touch)
      await dirtyHours.clear(touch)
      expect(await all(dirtyHours.pages())).toEqual([other])
    })

    it('stay when they were made again since', async () => {
      await dirtyHours.mark([touch])
      await dirtyHours.mark([{ ...touch, atMs: 2000 }])
      await dirtyHours.clear(touch)
      expect(await all(dirtyHours.pages())).toEqual([{ ...touch, atMs: 2000 }])
    })

    it('know when they were seen first, and have to be settled as they were found', async () => {
      await dirtyHours.mark([touch])
      await dirtyHours.markSeen(touch, 5000)
      await dirtyHours.markSeen(touch, 6000)
      await dirtyHours.clear(touch)
      expect(await all(dirtyHours.pages())).toEqual([{ ...touch, seenMs: 5000 }])
      await dirtyHours.clear({ ...touch, seenMs: 5000 })
      expect(await all(dirtyHours.pages())).toEqual([])
    })

    it('made again at the very same moment are unseen, and stay', async () => {
      await dirtyHours.mark([touch])
      await dirtyHours.markSeen(touch, 5000)
      await dirtyHours.mark([touch])
      await dirtyHours.clear({ ...touch, seenMs: 5000 })
      expect(await all(dirtyHours.pages())).toEqual([touch])
    })

    it('made again meanwhile are not seen as what they were', async () => {
      await dirtyHours.mark([touch])
      await dirtyHours.mark([{ ...touch, atMs: 2000 }])
      await dirtyHours.markSeen(touch, 5000)
      expect(await all(dirtyHours.pages())).toEqual([{ ...touch, atMs: 2000 }])
    })
  })
}
