// Converts result rows to items of the results table, with the keys of the hour index, and back.
// Converts row tombstones to items.

import { EXPIRES_AT, HOUR_INDEX, KIND, PARTITION_KEY, REMOVED, SORT_KEY } from '../../contract.ts'
import { type ResultRow, rowPartition } from '../../domain/results/result.ts'
import { foldQuery, hourOf, type Slice, sliceOf } from '../../domain/results/rollup.ts'
import { UnreadableItemError } from '../../ports.ts'
import type { RemovableRow, StoredRow } from '../../result-ports.ts'
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

export function resultItem(row: ResultRow, expiresAtMs: number): VersionedItem {
  return {
    ...row,
    [HOUR_INDEX.partitionKey]: hourSliceKey(hourOf(row), sliceOf(row, sha256)),
    [HOUR_INDEX.sortKey]: sliceKey(row),
    [EXPIRES_AT]: epochSeconds(expiresAtMs),
  }
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
  return row as unknown as ResultRow
}

const SEARCH_NUMBERS = ['clicked', 'clicks', 'zero_results', EXPIRES_AT]
const ORPHAN_NUMBERS = ['orphan_clicks', 'orphan_clicks_search_elsewhere', 'orphan_clicks_no_search', EXPIRES_AT]
const SESSION_NUMBERS = ['searches_with_click', 'duration_ms', ...ORPHAN_NUMBERS]
const POSITIONS = /^(\d+(,\d+)*)?$/

/** Throws UnreadableItemError for a row that rollups cannot count. */
export function toStoredRow(item: Item): StoredRow {
  if (!isCountable(item)) throw new UnreadableItemError('a row of the hour index lacks a value that rollups count')
  return { row: toRow(item), expiresAtMs: (item[EXPIRES_AT] as number) * 1000 }
}

function isCountable(item: Item): boolean {
  const areNumbers = (names: readonly string[]): boolean => names.every((name) => Number.isFinite(item[name]))
  const isNumberOrNull = (value: unknown): boolean => value === null || Number.isFinite(value)
  if (item.kind === 'session') return areNumbers(SESSION_NUMBERS)
  if (item.kind === 'clicks') return areNumbers(ORPHAN_NUMBERS)
  return (
    item.kind === 'search' &&
    areNumbers(SEARCH_NUMBERS) &&
    typeof item.query === 'string' &&
    POSITIONS.test(String(item.clicked_positions)) &&
    isNumberOrNull(item.result_count) &&
    isNumberOrNull(item.time_to_first_click_ms)
  )
}
