// Sends conditional writes to DynamoDB, and returns a failed condition instead of throwing it.

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { Item } from './table-items.ts'

/**
 * Returns the condition "unless a newer item is stored": the stored attribute must be less than the
 * value, which the new item must hold as well. A repeated write fails the condition, as a late one
 * does.
 *
 *     new PutCommand({ TableName, Item: { ...key, version: 7 }, ...unlessNewer('version', 7) })
 */
export function unlessNewer(attribute: string, value: string | number) {
  return {
    ConditionExpression: `attribute_not_exists(pk) OR #${attribute} < :${attribute}`,
    ExpressionAttributeNames: { [`#${attribute}`]: attribute },
    ExpressionAttributeValues: { [`:${attribute}`]: value },
  }
}

/**
 * Waits for a conditional write. Returns null once DynamoDB has written the item. When the
 * condition fails, returns the stored item, which is empty unless the request sets
 * `ReturnValuesOnConditionCheckFailure`. Rethrows other errors.
 */
export async function storedInstead(sent: Promise<unknown>): Promise<Item | null> {
  try {
    await sent
    return null
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return error.Item === undefined ? {} : unmarshall(error.Item)
  }
}
