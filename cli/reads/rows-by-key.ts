// Result rows as they are shown: items or their keys in, rows with their columns in one order out.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { toRow } from '../../functions/aws/results-table/result-items.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { itemsByKey } from '../items-by-key.ts'

export interface RowKey {
  readonly pk: string
  readonly sk: string
}

/** Those that are there, whole. */
export async function rowsByKey(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly RowKey[],
): Promise<ResultRow[]> {
  const items = await itemsByKey(
    client,
    table,
    keys.map(({ pk, sk }) => ({ pk, sk })),
  )
  return items.map(shownRow)
}

/** Columns in one order: DynamoDB gives them in none. */
export function shownRow(item: Readonly<Record<string, unknown>>): ResultRow {
  const columns = Object.entries(toRow(item)).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(columns) as unknown as ResultRow
}
