// Stores result rows on DynamoDB. Neither an older version of a row nor a late write of a removed
// row replaces what is stored.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { rowPartition } from '../../domain/results/result.ts'
import type { ResultStore } from '../../result-ports.ts'
import { type ItemWriter, singleWriter } from '../runtime/item-writer.ts'
import { dynamoDirtyHours, NO_DIRTY_HOURS } from './dirty-hours.ts'
import { isRow, resultItem, rowTombstoneItem, toRow } from './result-items.ts'

/**
 * The stores that finalize writes to. Without rollups, rows are in no index, and no hour becomes
 * dirty.
 *
 * @param writer see `dynamoResultStore`.
 */
export function finalizeStores(
  client: DynamoDBDocumentClient,
  table: string,
  hasRollups: boolean,
  writer: ItemWriter = singleWriter(client),
) {
  return {
    results: dynamoResultStore(client, table, writer, hasRollups),
    dirtyHours: hasRollups ? dynamoDirtyHours(client, table) : NO_DIRTY_HOURS,
  }
}

/**
 * @param writer sends the rows of sessions that close for the first time.
 * @param isIndexed false leaves rows out of the hour index.
 */
export function dynamoResultStore(
  client: DynamoDBDocumentClient,
  table: string,
  writer: ItemWriter = singleWriter(client),
  isIndexed = true,
): ResultStore {
  const single = singleWriter(client)
  return {
    put: async (row, expiresAtMs, isReplaced = false) => {
      // An INSERT of a batch would fail where a row is stored, and cost a unit.
      await (isReplaced ? single : writer).put(table, resultItem(row, expiresAtMs, isIndexed), 'newer')
    },

    remove: async (row, expiresAtMs) => {
      // A newer version is a later row of this search, perhaps in another session.
      await single.put(table, rowTombstoneItem(row, expiresAtMs), 'notOlder')
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
