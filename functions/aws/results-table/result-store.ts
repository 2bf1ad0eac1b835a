// ResultStore on DynamoDB: rows in, writes and removals conditional on the row's version out.

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { rowPartition } from '../../domain/results/result.ts'
import type { ResultStore } from '../../ports.ts'
import { resultItem, toRow } from './result-items.ts'

const VERSION_NAME = { '#version': 'version' }

export function dynamoResultStore(client: DynamoDBDocumentClient, table: string): ResultStore {
  return {
    put: async (row, expiresAtMs) => {
      const command = new PutCommand({
        TableName: table,
        Item: resultItem(row, expiresAtMs),
        ConditionExpression: 'attribute_not_exists(pk) OR #version < :version',
        ExpressionAttributeNames: VERSION_NAME,
        ExpressionAttributeValues: { ':version': row.version },
      })
      await unlessConditionFails(client.send(command))
    },

    remove: async (row, olderThanVersion) => {
      const command = new DeleteCommand({
        TableName: table,
        Key: { pk: row.pk, sk: row.sk },
        ConditionExpression: 'session_id = :session AND #version < :version',
        ExpressionAttributeNames: VERSION_NAME,
        ExpressionAttributeValues: { ':session': row.session_id, ':version': olderThanVersion },
      })
      await unlessConditionFails(client.send(command))
    },

    rowsOf: async function* (user) {
      const query = {
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': rowPartition(user) },
        ConsistentRead: true,
      }
      for await (const { Items: items } of paginateQuery({ client }, query)) yield (items ?? []).map(toRow)
    },
  }
}

/** A row that is newer, or that another session has by now, is as it should be. */
async function unlessConditionFails(sent: Promise<unknown>): Promise<void> {
  try {
    await sent
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}
