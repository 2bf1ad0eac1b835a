// Items by their keys: a table and keys in, those of them that are there, whole, out.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Item, Key } from '../functions/aws/runtime/table-items.ts'
import { batchGet, UnprocessedKeysError } from '../functions/aws/sessions-table/batch-get.ts'
import { UserError } from '../terminal/user-error.ts'

/** At a terminal, waiting is better than failing; the client waits longer from try to try. */
const TRIES_MAX = 8

export async function itemsByKey(client: DynamoDBDocumentClient, table: string, keys: readonly Key[]): Promise<Item[]> {
  try {
    return await batchGet(client, table, keys, false, { triesMax: TRIES_MAX })
  } catch (error) {
    if (!(error instanceof UnprocessedKeysError)) throw error
    throw new UserError(`table ${table} is throttled: try again later, or ask for less`)
  }
}
