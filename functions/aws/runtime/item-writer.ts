// Defines how the stores write items by version, and sends each write as a request of its own.

import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import { storedInstead, unlessNewer } from './conditional-write.ts'
import type { Item } from './table-items.ts'

/** Sends commands of the plain client. A document client takes those, too. */
export type Sender = Pick<DynamoDBClient, 'send'>

/**
 * When DynamoDB may write the item. `new` means that none is stored, and `at` that the stored one
 * has this version. With `newer` none is stored, or one of a lower version; with `notOlder` the
 * stored version may be the same, too.
 */
export type WriteCondition = 'new' | 'newer' | 'notOlder' | { readonly at: number }

export interface VersionedItem extends Item {
  readonly version: number
}

export interface ItemWriter {
  /**
   * Replaces the item with the same key. Returns null once it is written. When the condition fails,
   * returns the stored item. An attribute whose value is undefined is then absent, or NULL.
   */
  put(table: string, item: VersionedItem, condition: WriteCondition): Promise<Item | null>
}

export function singleWriter(client: Sender): ItemWriter {
  return {
    put: async (table, item, condition) => {
      const { ExpressionAttributeValues: values, ...expression } = expressionOf(item, condition)
      const command = new PutItemCommand({
        TableName: table,
        Item: marshall(item, { removeUndefinedValues: true }),
        ...expression,
        ...(values !== undefined && { ExpressionAttributeValues: marshall(values) }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      })
      return storedInstead(client.send(command))
    },
  }
}

interface Expression {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames?: Record<string, string>
  readonly ExpressionAttributeValues?: Record<string, unknown>
}

function expressionOf({ version }: VersionedItem, condition: WriteCondition): Expression {
  if (condition === 'new') return { ConditionExpression: 'attribute_not_exists(pk)' }
  if (condition === 'newer') return unlessNewer('version', version)
  if (condition === 'notOlder') return byVersion('attribute_not_exists(pk) OR #version <= :version', version)
  return byVersion('#version = :version', condition.at)
}

function byVersion(expression: string, version: number): Expression {
  return {
    ConditionExpression: expression,
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': version },
  }
}
