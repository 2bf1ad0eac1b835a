// Merges the searches of several hours, so that all searches for one query follow each other.

import type { RankedSearch } from '../domain/results/top-queries.ts'
import type { KeyedSearch } from '../result-ports.ts'

type Pages = AsyncIterable<readonly KeyedSearch[]>

/** Holds one page of one hour, and how far it has been taken. */
interface Cursor {
  readonly pages: AsyncIterator<readonly KeyedSearch[]>
  page: readonly KeyedSearch[]
  taken: number
}

export interface SearchesByKey {
  /** Returns the least key that is not taken, or null when all are. */
  nextKey(): string | null
  /**
   * Takes all searches with the least key. Asks before each further page whether there is time, and
   * returns false when there is none.
   */
  take(key: string, hasTime: () => boolean, add: (row: RankedSearch) => void): Promise<boolean>
}

/** @param everyPages the pages of each hour, in the byte order of their keys. */
export async function searchesByKey(everyPages: readonly Pages[]): Promise<SearchesByKey> {
  const turnPage = async (cursor: Cursor): Promise<boolean> => {
    const { done, value } = await cursor.pages.next()
    cursor.page = done ? [] : value
    cursor.taken = 0
    return done !== true
  }
  /** Turns pages until the cursor is at a search, or at the end. */
  const findSearch = async (cursor: Cursor): Promise<void> => {
    let isMore = true
    while (isMore && cursor.taken === cursor.page.length) isMore = await turnPage(cursor)
  }
  const cursors = everyPages.map((pages): Cursor => ({ pages: pages[Symbol.asyncIterator](), page: [], taken: 0 }))
  await Promise.all(cursors.map(findSearch))
  const keyAt = ({ page, taken }: Cursor): string | undefined => page[taken]?.key
  return {
    nextKey: () => {
      let least: string | null = null
      for (const cursor of cursors) {
        const key = keyAt(cursor)
        if (key !== undefined && (least === null || isBefore(key, least))) least = key
      }
      return least
    },
    take: async (key, hasTime, add) => {
      for (const cursor of cursors) {
        while (keyAt(cursor) === key) {
          add((cursor.page[cursor.taken++] as KeyedSearch).row)
          if (cursor.taken < cursor.page.length) continue
          if (!hasTime()) return false
          await findSearch(cursor)
        }
      }
      return true
    },
  }
}

/** Compares by bytes of UTF-8, as DynamoDB does. JavaScript would compare by units of UTF-16. */
function isBefore(a: string, b: string): boolean {
  const end = Math.min(a.length, b.length)
  for (let n = 0; n < end; n++) {
    const [unitOfA, unitOfB] = [a.charCodeAt(n), b.charCodeAt(n)]
    if (unitOfA !== unitOfB) return byteOrder(unitOfA) < byteOrder(unitOfB)
  }
  return a.length < b.length
}

const FIRST_SURROGATE = 0xd800
const AFTER_SURROGATES = 0xe000
const UNITS = 0x10000

/** Surrogates stand for characters after all others. */
function byteOrder(unit: number): number {
  return unit >= FIRST_SURROGATE && unit < AFTER_SURROGATES ? unit + UNITS : unit
}
