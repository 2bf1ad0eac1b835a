// Items by their keys: a table and keys in, those of them that are there, whole, out.

import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { UserError } from '../local/user-error.ts'

type Item = Record<string, unknown>

/** DynamoDB's limit. */
const KEYS_AT_ONCE = 100
/** For what a throttled table left out; the client waits longer from try to try. */
const TRIES_MAX = 8

export async function itemsByKey(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Readonly<Item>[],
): Promise<Item[]> {
  const items: Item[] = []
  for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
    let rest: Item[] = keys.slice(start, start + KEYS_AT_ONCE)
    for (let tries = 0; rest.length > 0; tries++) {
      if (tries === TRIES_MAX) throw new UserError(`table ${table} is throttled: try again later, or ask for less`)
      const { Responses: found, UnprocessedKeys: left } = await client.send(
        new BatchGetCommand({ RequestItems: { [table]: { Keys: rest } } }),
      )
      items.push(...(found?.[table] ?? []))
      rest = left?.[table]?.Keys ?? []
    }
  }
  return items
}
