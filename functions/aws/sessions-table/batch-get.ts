// Reads many items by their keys, and asks again for those that DynamoDB leaves out of an answer.

import { BatchGetCommand, type BatchGetCommandOutput, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { isThrottled, pauses, type Retries } from '../runtime/pauses.ts'
import type { Item, Key } from '../runtime/table-items.ts'

/** The most keys that DynamoDB takes in one request. */
const KEYS_MAX = 100

/** DynamoDB left the same keys out of every answer, as a throttled table does. */
export class UnprocessedKeysError extends Error {
  override readonly name = 'UnprocessedKeysError'
  constructor(keys: number, tries: number) {
    super(`DynamoDB left ${keys} keys out of ${tries} answers`)
  }
}

/**
 * Returns the items that exist, in no order. DynamoDB may leave keys out of an answer when the
 * table is throttled, or when the answer would exceed 16 MB. Throws UnprocessedKeysError when keys
 * are left and the time for tries is up.
 */
export async function batchGet(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Key[],
  isConsistent: boolean,
  retries: Partial<Retries> = {},
): Promise<Item[]> {
  const items: Item[] = []
  for (let start = 0; start < keys.length; start += KEYS_MAX) {
    items.push(...(await getSome(client, table, keys.slice(start, start + KEYS_MAX), isConsistent, retries)))
  }
  return items
}

async function getSome(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Item[],
  isConsistent: boolean,
  retries: Partial<Retries>,
): Promise<Item[]> {
  const between = pauses(retries)
  const items: Item[] = []
  let remaining = [...keys]
  for (let tries = 1; ; tries++) {
    const request = { [table]: { Keys: remaining, ConsistentRead: isConsistent } }
    let throttled: unknown = null
    try {
      const answer: BatchGetCommandOutput = await client.send(new BatchGetCommand({ RequestItems: request }))
      const left = answer.UnprocessedKeys?.[table]?.Keys ?? []
      items.push(...(answer.Responses?.[table] ?? []))
      if (left.length === 0) return items
      // An answer that is only too large leaves keys out of it, and the next one may begin at once.
      if (left.length < remaining.length) between.shorten()
      remaining = left
    } catch (error) {
      if (!isThrottled(error)) throw error
      throttled = error
    }
    if (!(await between.next())) throw throttled ?? new UnprocessedKeysError(remaining.length, tries)
  }
}
