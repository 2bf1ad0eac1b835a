// Stores result rows on DynamoDB, and lets an older version of a row never replace a newer one.

import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { rowPartition } from '../../domain/results/result.ts'
import type { ResultStore } from '../../result-ports.ts'
import { storedInstead, unlessNewer } from '../runtime/conditional-write.ts'
import { resultItem, toRow } from './result-items.ts'

export function dynamoResultStore(client: DynamoDBDocumentClient, table: string): ResultStore {
  return {
    put: async (row, expiresAtMs) => {
      const command = new PutCommand({
        TableName: table,
        Item: resultItem(row, expiresAtMs),
        ...unlessNewer('version', row.version),
      })
      await storedInstead(client.send(command))
    },

    remove: async (row, olderThanVersion) => {
      const command = new DeleteCommand({
        TableName: table,
        Key: { pk: row.pk, sk: row.sk },
        // Another session may have a row under this key by now.
        ConditionExpression: 'session_id = :session AND #version < :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':session': row.session_id, ':version': olderThanVersion },
      })
      await storedInstead(client.send(command))
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
