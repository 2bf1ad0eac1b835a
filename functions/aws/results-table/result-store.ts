// Stores result rows on DynamoDB. Neither an older version of a row nor a late write of a removed
// row replaces what is stored.

import { type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { rowPartition } from '../../domain/results/result.ts'
import type { ResultStore } from '../../result-ports.ts'
import { storedInstead, unlessNewer } from '../runtime/conditional-write.ts'
import { isRow, resultItem, rowTombstoneItem, toRow } from './result-items.ts'

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

    remove: async (row, expiresAtMs) => {
      const command = new PutCommand({
        TableName: table,
        Item: rowTombstoneItem(row, expiresAtMs),
        // A newer version is a later row of this search, perhaps in another session.
        ConditionExpression: 'attribute_not_exists(pk) OR #version <= :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': row.version },
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
      for await (const { Items: items } of paginateQuery({ client }, query))
        yield (items ?? []).filter(isRow).map(toRow)
    },
  }
}
