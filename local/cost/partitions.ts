// Holds items by their keys, and reads those of a partition in the order of sort keys.

import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'
import type { KeyRange } from './conditions.ts'

export interface Partitions {
  get(key: Item): Item | undefined
  put(item: Item): void
  remove(key: Item): void
  /**
   * Yields the items of the range in order.
   *
   * @param after the item or the key after which to begin; null to begin at the range's start.
   */
  range(range: KeyRange, isForward: boolean, after: Item | null): Iterable<Item>
}

interface Partition {
  readonly items: Map<string, Item>
  /** Null after an item came or went. */
  sorted: readonly Item[] | null
}

/** @param keys the names of the partition key and of the sort key. */
export function partitions([partitionKey, sortKey]: readonly [string, string]): Partitions {
  const byPartition = new Map<string, Partition>()
  // Entries of an index may have equal keys, so the keys of the table come after them.
  const idOf = (item: Item): string => JSON.stringify([item[sortKey], item[PARTITION_KEY], item[SORT_KEY]])
  const compare = (a: Item, b: Item): number =>
    compareText(String(a[sortKey]), String(b[sortKey])) || compareText(idOf(a), idOf(b))
  const sortedItems = (partition: Partition): readonly Item[] => {
    partition.sorted ??= [...partition.items.values()].sort(compare)
    return partition.sorted
  }
  return {
    get: (key) => byPartition.get(String(key[partitionKey]))?.items.get(idOf(key)),
    put: (item) => {
      const name = String(item[partitionKey])
      const partition = byPartition.get(name) ?? { items: new Map(), sorted: null }
      byPartition.set(name, partition)
      partition.items.set(idOf(item), item)
      partition.sorted = null
    },
    remove: (key) => {
      const name = String(key[partitionKey])
      const partition = byPartition.get(name)
      if (partition === undefined || !partition.items.delete(idOf(key))) return
      partition.sorted = null
      if (partition.items.size === 0) byPartition.delete(name)
    },
    range: function* ({ partition: name, from, to }, isForward, after) {
      const partition = byPartition.get(name)
      if (partition === undefined) return
      const items = sortedItems(partition)
      for (const item of isForward ? items : items.toReversed()) {
        const key = String(item[sortKey])
        if (compareText(key, from) < 0 || compareText(key, to) > 0) continue
        if (after !== null && (isForward ? compare(item, after) : compare(after, item)) <= 0) continue
        yield item
      }
    },
  }
}

/** Compares by the bytes of UTF-8, as DynamoDB does. */
function compareText(a: string, b: string): number {
  if (a === b) return 0
  return isPlain(a) && isPlain(b) ? (a < b ? -1 : 1) : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Only characters after these sort otherwise as text than as bytes. */
function isPlain(text: string): boolean {
  return !/[\ud800-\uffff]/.test(text)
}
