// Stores the items of one table in memory, and counts the units that DynamoDB would bill.

import { itemBytes } from '../../functions/aws/runtime/item-bytes.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { HOUR_INDEX, PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'
import { readUnits, writeUnits } from './capacity-units.ts'
import type { KeyRange } from './conditions.ts'
import { type Partitions, partitions } from './partitions.ts'

/** The units of one request for one item, or of one page of a query. */
export interface UnitUse {
  readonly kind: 'write' | 'read'
  readonly table: string
  readonly isIndex: boolean
  /** The partition of the item or the query. */
  readonly partition: string
  /** Null for a query. */
  readonly sortKey: string | null
  readonly units: number
}

export interface Page {
  readonly items: readonly Item[]
  /** Where the next page starts; null after the last one. */
  readonly next: Item | null
}

export interface PageRequest extends KeyRange {
  readonly isConsistent: boolean
  readonly isForward: boolean
  readonly isIndex: boolean
  readonly limit: number
  /** The last item of the page before, or its key. */
  readonly after: Item | null
}

export interface CountedTable {
  /** Returns the item without counting: the caller counts a write or a read. */
  stored(key: Item): Item | undefined
  get(key: Item, isConsistent: boolean): Item | undefined
  put(item: Item): void
  remove(key: Item): void
  /** Counts a write whose condition failed, or a part of a transaction. Changes nothing. */
  countWrite(item: Item): void
  page(request: PageRequest): Page
}

/** DynamoDB ends a page of a query after so many bytes. */
const PAGE_BYTES_MAX = 1024 * 1024
const TABLE_KEYS = [PARTITION_KEY, SORT_KEY] as const
const INDEX_KEYS = [HOUR_INDEX.partitionKey, HOUR_INDEX.sortKey] as const
const PROJECTED = new Set<string>([...TABLE_KEYS, ...INDEX_KEYS, ...HOUR_INDEX.attributes])

/**
 * An item is in the index by hour if it has the keys of the index.
 *
 * @param onUse receives what each access costs.
 */
export function countedTable(name: string, onUse: (use: UnitUse) => void): CountedTable {
  const items = partitions(TABLE_KEYS)
  const index = partitions(INDEX_KEYS)
  const use = (kind: UnitUse['kind'], isIndex: boolean, { pk, sk }: Item, units: number): void => {
    const sortKey = sk === undefined ? null : String(sk)
    onUse({ kind, table: name, isIndex, partition: String(pk), sortKey, units })
  }
  const replace = (before: Item | undefined, after: Item | undefined, key: Item): void => {
    const bytes = Math.max(itemBytes(before ?? {}), itemBytes(after ?? {}))
    use('write', false, key, writeUnits(bytes))
    const units = moveInIndex(index, before, after)
    if (units > 0) use('write', true, key, units)
  }
  return {
    stored: (key) => items.get(key),
    get: (key, isConsistent) => {
      const item = items.get(key)
      use('read', false, key, readUnits(itemBytes(item ?? {}), isConsistent))
      return item
    },
    put: (item) => {
      const stored = Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined))
      replace(items.get(stored), stored, stored)
      items.put(stored)
    },
    remove: (key) => {
      replace(items.get(key), undefined, key)
      items.remove(key)
    },
    countWrite: (item) => {
      const bytes = Math.max(itemBytes(items.get(item) ?? {}), itemBytes(item))
      use('write', false, item, writeUnits(bytes))
    },
    page: (request) => {
      const { page, bytes } = readPage(request.isIndex ? index : items, request)
      use('read', request.isIndex, { pk: request.partition }, readUnits(bytes, request.isConsistent))
      return page
    },
  }
}

function readPage(items: Partitions, request: PageRequest): { page: Page; bytes: number } {
  const found: Item[] = []
  let bytes = 0
  for (const item of items.range(request, request.isForward, request.after)) {
    bytes += itemBytes(item)
    found.push(item)
    if (found.length === request.limit || bytes >= PAGE_BYTES_MAX) return { page: { items: found, next: item }, bytes }
  }
  return { page: { items: found, next: null }, bytes }
}

/** Returns the units: none where the index holds the same, and two writes where its key moves. */
function moveInIndex(index: Partitions, before: Item | undefined, after: Item | undefined): number {
  const old = indexEntry(before)
  const next = indexEntry(after)
  if (old !== undefined && next !== undefined && INDEX_KEYS.every((key) => old[key] === next[key])) {
    index.put(next)
    const isSame = [...PROJECTED].every((name) => old[name] === next[name])
    return isSame ? 0 : writeUnits(Math.max(itemBytes(old), itemBytes(next)))
  }
  if (old !== undefined) index.remove(old)
  if (next !== undefined) index.put(next)
  return [old, next].reduce((units, entry) => units + (entry === undefined ? 0 : writeUnits(itemBytes(entry))), 0)
}

/** Returns what the index by hour holds of an item; undefined for nothing. */
export function indexEntry(item: Item | undefined): Item | undefined {
  if (item === undefined || INDEX_KEYS.some((key) => item[key] === undefined)) return undefined
  return Object.fromEntries(Object.entries(item).filter(([name]) => PROJECTED.has(name)))
}
