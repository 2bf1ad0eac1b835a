// Reads the result rows of an hour from DynamoDB, and stores the rollups made of them.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { HOUR_INDEX } from '../../contract.ts'
import { type HourRollup, hourKey } from '../../domain/results/rollup.ts'
import type { RollupStore } from '../../result-ports.ts'
import type { Retries } from '../runtime/pauses.ts'
import { loadRanking, saveRanking } from './ranking.ts'
import { hourSliceKey, toStoredRow } from './result-items.ts'
import { getItem, metadataAttributes, putOver, queryPartition, REVISION, withoutMetadata } from './revisions.ts'

/** @param retries how long to send throttled writes again. */
export function dynamoRollupStore(
  client: DynamoDBDocumentClient,
  table: string,
  retries: Partial<Retries> = {},
): RollupStore {
  return {
    rowsOf: async function* (hour, slice) {
      const input = {
        TableName: table,
        IndexName: HOUR_INDEX.name,
        KeyConditionExpression: '#slice = :slice',
        ExpressionAttributeNames: { '#slice': HOUR_INDEX.partitionKey },
        ExpressionAttributeValues: { ':slice': hourSliceKey(hour, slice) },
      }
      for await (const { Items: items } of paginateQuery({ client }, input)) yield (items ?? []).map(toStoredRow)
    },

    load: async (key) => {
      const item = await getItem(client, table, key)
      return item === undefined ? null : { rollup: withoutMetadata(item) as never, revision: item[REVISION] as number }
    },

    hoursOf: async (day) => {
      const { pk } = hourKey(day)
      const hours: HourRollup[] = []
      for await (const items of queryPartition(client, table, pk, `${day}T`)) {
        hours.push(...(items.map(withoutMetadata) as unknown as HourRollup[]))
      }
      return hours
    },

    save: (rollup, baseRevision, metadata) =>
      putOver(client, table, { ...rollup, ...metadataAttributes(metadata, baseRevision + 1) }, baseRevision, retries),

    ranking: (day) => loadRanking(client, table, day),

    saveRanking: (day, queries, baseRevision, metadata) =>
      saveRanking(client, table, day, queries, baseRevision, metadata, retries),
  }
}
