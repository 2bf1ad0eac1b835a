// Sends conditional writes to DynamoDB, and reports a failed condition as a value instead of an
// exception.

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { Item } from './table-items.ts'

/**
 * Returns the condition under which a write replaces only an older item: one whose attribute is
 * less than the value. A repeated write fails the condition, and so does a late one. The value is
 * part of the new item, too.
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
 * `ReturnValuesOnConditionCheckFailure`. Throws other errors on.
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
