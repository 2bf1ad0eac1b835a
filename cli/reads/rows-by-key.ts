// Reads items and result rows by their keys.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { isRow, toRow } from '../../functions/aws/results-table/result-items.ts'
import { isThrottled } from '../../functions/aws/runtime/pauses.ts'
import { type Item, type Key, USER_PREFIX } from '../../functions/aws/runtime/table-items.ts'
import { batchGet, UnprocessedKeysError } from '../../functions/aws/sessions-table/batch-get.ts'
import { closedKey } from '../../functions/aws/sessions-table/session-items.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { UserError } from '../../terminal/user-error.ts'

export interface RowKey {
  readonly pk: string
  readonly sk: string
}

/** The key of the closed session that a row of a session stands for. */
export function closedKeyOf({ pk, sk }: RowKey): Key {
  return closedKey(pk.slice(USER_PREFIX.length), sk.slice('session#'.length))
}

/** Returns the items that exist, with all their attributes, in no order. */
export async function itemsByKey(client: DynamoDBDocumentClient, table: string, keys: readonly Key[]): Promise<Item[]> {
  try {
    return await batchGet(client, table, keys, false)
  } catch (error) {
    if (!(error instanceof UnprocessedKeysError) && !isThrottled(error)) throw error
    throw new UserError(`Table ${table} is throttled: try again later, or ask for fewer rows.`)
  }
}

/** Returns the rows that exist, in no order. Leaves out row tombstones. */
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
  return items.filter(isRow).map(shownRow)
}

/** Sorts the columns by name, since DynamoDB returns attributes in no order. */
export function shownRow(item: Readonly<Record<string, unknown>>): ResultRow {
  const columns = Object.entries(toRow(item)).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(columns) as unknown as ResultRow
}
