// Many items at once: keys in, the items that there are out.

import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Item, Key } from './session-items.ts'

/** DynamoDB's limit. */
const KEYS_MAX = 100
/** Requests for the keys of a batch that a throttled table left out, or that were too much for one answer. */
const TRIES_MAX = 5

/** Keys that were left out again and again. */
export class UnprocessedKeysError extends Error {}

/** Throws UnprocessedKeysError after so many tries. */
export async function batchGet(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Key[],
  isConsistent: boolean,
  triesMax = TRIES_MAX,
): Promise<Item[]> {
  const items: Item[] = []
  for (let start = 0; start < keys.length; start += KEYS_MAX) {
    let remaining: Item[] = keys.slice(start, start + KEYS_MAX)
    for (let tries = 0; remaining.length > 0; tries++) {
      if (tries === triesMax)
        throw new UnprocessedKeysError(`${remaining.length} keys unread after ${tries} batch reads`)
      const command = new BatchGetCommand({
        RequestItems: { [table]: { Keys: remaining, ConsistentRead: isConsistent } },
      })
      const { Responses: responses, UnprocessedKeys: unprocessed } = await client.send(command)
      items.push(...(responses?.[table] ?? []))
      remaining = unprocessed?.[table]?.Keys ?? []
    }
  }
  return items
}
