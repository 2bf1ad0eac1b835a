// Tests what every ResultStore must do.

import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { ResultRow, SearchRow } from '../../../functions/domain/results/result.ts'
import { toRows } from '../../../functions/domain/results/result-rows.ts'
import { foundingId } from '../../../functions/domain/sessions/session-id.ts'
import type { ResultStore } from '../../../functions/result-ports.ts'
import { at, click, ROW_RULES, results, search } from '../../support/events.ts'

export interface ReadableResults {
  readonly store: ResultStore
  /** Returns the row as users query it, or undefined when there is none. */
  read(pk: string, sk: string): Promise<ResultRow | undefined>
}

/** In the distant future, since a table deletes expired items. */
export const EXPIRES_MS = Date.parse('2100-01-01T00:00:00.000Z')

const labels = { application: 'shöp', variant: '', tenant: 'not a segment' }
const asked = search(at(0), { eventId: 'asked', searchId: 's#1 検索', query: 'dogs "and" 🐈', labels })
const unanswered = search(at(9), { eventId: 'unanswered' })
const events = nonEmpty([asked, results(at(1), ['a', 'b'], { searchId: 's#1 検索' }), click(at(2), 'b'), unanswered])

/**
 * Returns the rows of one session: two searches, the second without results, clicks or labels, and
 * the session itself.
 */
export function rowsOf(version: number, user = 'ann', id = foundingId(asked)): ResultRow[] {
  return toRows(
    { user, session: { ids: [id], continues: null, limitedBy: null, events }, reason: 'gap', version },
    sha256,
    { ...ROW_RULES, segments: ['application', 'variant', 'missing'] },
  )
}

/** @param makeResults creates a store without rows. */
export function resultStoreContract(name: string, makeResults: () => Promise<ReadableResults>): void {
  describe(`a result store ${name}`, () => {
    let results: ReadableResults
    beforeEach(async () => {
      results = await makeResults()
    })

    const first = rowsOf(5)[0] as SearchRow
    const put = (row: ResultRow): Promise<void> => results.store.put(row, EXPIRES_MS)
    const remove = (row: ResultRow): Promise<void> => results.store.remove(row, EXPIRES_MS)
    const stored = (): Promise<ResultRow | undefined> => results.read(first.pk, first.sk)

    it('stores every row with every field', async () => {
      const rows = [...rowsOf(5), ...rowsOf(6, '__proto__'), ...rowsOf(7, 'a#b 犬')]
      expect(rows.map((row) => row.kind)).toEqual([...Array(3)].flatMap(() => ['search', 'search', 'session']))
      expect(rows[0]).toHaveProperty('labels', { application: 'shöp', variant: '' })
      for (const row of rows) await put(row)
      for (const row of rows) expect(await results.read(row.pk, row.sk)).toEqual(row)
    })

    it('replaces an older row', async () => {
      await put({ ...first, clicks: 1, version: 4 })
      await put({ ...first, clicks: 2, version: 5 })
      expect(await stored()).toEqual({ ...first, clicks: 2, version: 5 })
    })

    it('replaces an older row of another session', async () => {
      await put({ ...first, session_id: 'before', version: 4 })
      await put(first)
      expect(await stored()).toEqual(first)
    })

    it('never replaces a newer row, whichever session it belongs to', async () => {
      await put(first)
      await put({ ...first, clicks: 9, version: 4 })
      await put({ ...first, session_id: 'another', version: 4 })
      expect(await stored()).toEqual(first)
    })

    it('changes nothing when a version is written again', async () => {
      await put(first)
      await put({ ...first, clicks: 9 })
      expect(await stored()).toEqual(first)
    })

    it('compares versions as numbers', async () => {
      await put({ ...first, version: 9 })
      await put({ ...first, version: 10 })
      await put({ ...first, version: 9 })
      expect(await stored()).toEqual({ ...first, version: 10 })
    })

    it('removes a row of the version or an older one, once or twice', async () => {
      await put(first)
      await remove(first)
      expect(await stored()).toBeUndefined()
      await remove(first)
      await put({ ...first, version: 6 })
      await remove({ ...first, version: 7 })
      expect(await stored()).toBeUndefined()
    })

    it('leaves a row that is newer than the removed one, whichever session it belongs to', async () => {
      await put(first)
      await remove({ ...first, session_id: 'before', version: 4 })
      expect(await stored()).toEqual(first)
    })

    it('refuses a late write of a removed row, and of any older one', async () => {
      await put(first)
      await remove(first)
      await put(first)
      await put({ ...first, version: 4 })
      expect(await stored()).toBeUndefined()
    })

    it('refuses a late write of a row that was removed before it was ever written', async () => {
      await remove(first)
      await put(first)
      expect(await stored()).toBeUndefined()
    })

    it('writes a newer row in place of a removed one', async () => {
      await remove(first)
      await put({ ...first, version: 6 })
      expect(await stored()).toEqual({ ...first, version: 6 })
      await remove(first)
      expect(await stored()).toEqual({ ...first, version: 6 })
    })

    it('ends alike in whatever order writes and removals land', async () => {
      const versions = [1, 2, 3]
      const writes = versions.flatMap((version) => [
        () => put({ ...first, version }),
        () => remove({ ...first, version }),
      ])
      const chosen = fc.shuffledSubarray(writes.slice(0, 5), { minLength: 5 })
      await fc.assert(
        fc.asyncProperty(chosen, async (order) => {
          results = await makeResults()
          for (const write of order) await write()
          expect(await stored()).toEqual({ ...first, version: 3 })
        }),
        { seed: 4, numRuns: 20 },
      )
    })

    it('removes no other row of the session', async () => {
      const rows = rowsOf(5)
      for (const row of rows) await put(row)
      await remove(first)
      const left = await Promise.all(rows.map((row) => results.read(row.pk, row.sk)))
      expect(left).toEqual([undefined, ...rows.slice(1)])
    })

    it('yields no removed row', async () => {
      const rows = rowsOf(5)
      for (const row of rows) await put(row)
      await remove(first)
      const found: ResultRow[] = []
      for await (const page of results.store.rowsOf('ann')) found.push(...page)
      expect(found.map((row) => row.sk).sort()).toEqual(
        rows
          .slice(1)
          .map((row) => row.sk)
          .sort(),
      )
    })

    it('yields all rows of a user, and none of another user', async () => {
      const rows = rowsOf(5)
      for (const row of [...rows, ...rowsOf(6, 'ann2'), ...rowsOf(6, 'an')]) await put(row)
      const found: ResultRow[] = []
      for await (const page of results.store.rowsOf('ann')) found.push(...page)
      expect(found.map((row) => row.sk).sort()).toEqual(rows.map((row) => row.sk).sort())
      expect(found).toMatchObject(rows.toSorted((a, b) => (a.sk < b.sk ? -1 : 1)))
    })

    it('yields the labels of a row by name', async () => {
      for (const row of rowsOf(5)) await put(row)
      const names: string[][] = []
      for await (const page of results.store.rowsOf('ann'))
        for (const row of page) if (row.kind === 'search' && row.labels) names.push(Object.keys(row.labels))
      expect(names).toEqual([['application', 'variant']])
    })
  })
}
