// Reads many items by their keys, and asks again for those that DynamoDB leaves out of an answer.

import { setTimeout as sleep } from 'node:timers/promises'
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Item, Key } from '../runtime/table-items.ts'

/** The most keys that DynamoDB takes in one request. */
const KEYS_MAX = 100
const TRIES_MAX = 5
const FIRST_WAIT_MS_MAX = 50
const WAIT_MS_MAX = 1000

/** DynamoDB left the same keys out of every answer, as a throttled table does. */
export class UnprocessedKeysError extends Error {
  override readonly name = 'UnprocessedKeysError'
  constructor(keys: number, tries: number) {
    super(`DynamoDB left ${keys} keys out of ${tries} answers`)
  }
}

export interface Retries {
  readonly triesMax: number
  readonly wait: (waitMs: number) => Promise<unknown>
  /** Returns a number from 0 to 1, as `Math.random` does. */
  readonly random: () => number
}

const RETRIES: Retries = { triesMax: TRIES_MAX, wait: (waitMs) => sleep(waitMs), random: Math.random }

/**
 * Returns the items that exist, in no order. DynamoDB may leave keys out of an answer when the
 * table is throttled or the answer grows too large. Throws UnprocessedKeysError when keys are left
 * after the last try.
 */
export async function batchGet(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Key[],
  isConsistent: boolean,
  retries: Partial<Retries> = {},
): Promise<Item[]> {
  const { triesMax, wait, random } = { ...RETRIES, ...retries }
  const items: Item[] = []
  for (let start = 0; start < keys.length; start += KEYS_MAX) {
    let remaining: Item[] = keys.slice(start, start + KEYS_MAX)
    for (let tries = 0; remaining.length > 0; tries++) {
      if (tries === triesMax) throw new UnprocessedKeysError(remaining.length, tries)
      if (tries > 0) await wait(random() * waitMsMax(tries))
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

/**
 * Doubles with each try. The random share keeps throttled callers from asking again all at once
 * ("full jitter").
 */
function waitMsMax(tries: number): number {
  return Math.min(FIRST_WAIT_MS_MAX * 2 ** (tries - 1), WAIT_MS_MAX)
}
