// Items of the results table: rows in, items with the keys of the hour index out, and back. Nothing here talks to a table.

import { EXPIRES_AT, HOUR_INDEX, PARTITION_KEY } from '../../contract.ts'
import { type ResultRow, rowPartition } from '../../domain/results/result.ts'
import { foldQuery, type Hour, hourOf, type Slice, sliceOf } from '../../domain/results/rollup.ts'
import type { StoredRow } from '../../ports.ts'
import { sha256 } from '../runtime/digest.ts'
import { epochSeconds, type Item } from '../sessions-table/session-items.ts'

/** An index key holds 1,024 bytes: a character takes up to four. */
const QUERY_KEY_CHARACTERS = 200

export function hourSliceKey(hour: Hour, slice: Slice): string {
  return `${hour}#${slice}`
}

/** Of a search for this query; two that are alike to here may share one. */
export function queryKey(query: string): string {
  return `search#${[...foldQuery(query)].slice(0, QUERY_KEY_CHARACTERS).join('')}`
}

export function resultItem(row: ResultRow, expiresAtMs: number): Item {
  return {
    ...row,
    [HOUR_INDEX.partitionKey]: hourSliceKey(hourOf(row), sliceOf(row, sha256)),
    [HOUR_INDEX.sortKey]: row.kind === 'search' ? queryKey(row.query) : 'session',
    [EXPIRES_AT]: epochSeconds(expiresAtMs),
  }
}

const ROW_PARTITIONS = rowPartition('')

/** The table holds rollups too. */
export function isRow(item: Item): boolean {
  return String(item[PARTITION_KEY]).startsWith(ROW_PARTITIONS)
}

/** Without what only housekeeping needs. */
export function toRow(item: Item): ResultRow {
  const { [EXPIRES_AT]: _e, [HOUR_INDEX.partitionKey]: _p, [HOUR_INDEX.sortKey]: _s, ...row } = item
  return row as unknown as ResultRow
}

export function toStoredRow(item: Item): StoredRow {
  return { row: toRow(item), expiresAtMs: (item[EXPIRES_AT] as number) * 1000 }
}
