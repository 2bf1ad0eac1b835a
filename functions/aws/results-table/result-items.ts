// Converts result rows to items of the results table, with the keys of the hour index, and back.
// Converts row tombstones to items.

import { EXPIRES_AT, HOUR_INDEX, KIND, PARTITION_KEY, REMOVED, SORT_KEY } from '../../contract.ts'
import type { Labels } from '../../domain/events/event.ts'
import { type ResultRow, rowPartition } from '../../domain/results/result.ts'
import { foldQuery, hourOf, type Slice, sliceOf } from '../../domain/results/rollup.ts'
import type { RemovableRow } from '../../result-ports.ts'
import { sha256 } from '../runtime/digest.ts'
import type { VersionedItem } from '../runtime/item-writer.ts'
import { epochSeconds, type Item } from '../runtime/table-items.ts'

/** An index key holds 1,024 bytes, and a character takes up to four. */
const QUERY_KEY_CHARACTERS = 200

/** Returns the partition of the hour index, such as `2026-03-02T09#3`. */
export function hourSliceKey(hour: string, slice: Slice): string {
  return `${hour}#${slice}`
}

/**
 * Returns the hour index's sort key of a search. Queries that differ only after 200 characters
 * share one.
 */
export function queryKey(query: string): string {
  return `search#${[...foldQuery(query)].slice(0, QUERY_KEY_CHARACTERS).join('')}`
}

function sliceKey(row: ResultRow): string {
  if (row.kind === 'search') return queryKey(row.query)
  return row.kind === 'session' ? 'session' : 'session#clicks'
}

/** @param isIndexed false leaves the row out of the hour index, where it would cost a unit. */
export function resultItem(row: ResultRow, expiresAtMs: number, isIndexed = true): VersionedItem {
  // A second spread would take many times as long.
  const item: Record<string, unknown> & { version: number } = { ...row }
  if (isIndexed) {
    item[HOUR_INDEX.partitionKey] = hourSliceKey(hourOf(row), sliceOf(row, sha256))
    item[HOUR_INDEX.sortKey] = sliceKey(row)
  }
  item[EXPIRES_AT] = epochSeconds(expiresAtMs)
  return item
}

/** Returns the item of a row tombstone. Without keys of the hour index, it is in no sum. */
export function rowTombstoneItem({ pk, sk, version }: RemovableRow, expiresAtMs: number): VersionedItem {
  return { [PARTITION_KEY]: pk, [SORT_KEY]: sk, [KIND]: REMOVED, version, [EXPIRES_AT]: epochSeconds(expiresAtMs) }
}

const ROW_PARTITIONS = rowPartition('')

/** Returns false for row tombstones, rollups and dirty hours, which the table holds beside rows. */
export function isRow(item: Item): boolean {
  return String(item[PARTITION_KEY]).startsWith(ROW_PARTITIONS) && item[KIND] !== REMOVED
}

/** Returns the row without the expiry and without the keys of the hour index. */
export function toRow(item: Item): ResultRow {
  const { [EXPIRES_AT]: _e, [HOUR_INDEX.partitionKey]: _p, [HOUR_INDEX.sortKey]: _s, ...row } = item
  if (row.labels === undefined) return row as unknown as ResultRow
  // DynamoDB keeps no order of a map's keys.
  const labels = Object.fromEntries(Object.entries(row.labels as Labels).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...row, labels } as unknown as ResultRow
}
