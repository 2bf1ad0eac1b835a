// Reads the items of a partition between two sort keys.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import type { Item } from '../../functions/aws/runtime/table-items.ts'

/**
 * Yields the items page by page, in the order of their sort keys.
 *
 * @param from the first sort key, or an empty text for no bound.
 * @param to the last sort key, inclusive.
 */
export async function* itemsBetween(
  client: DynamoDBDocumentClient,
  table: string,
  pk: string,
  from: string,
  to: string,
): AsyncGenerator<Item[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: from === '' ? 'pk = :pk AND sk <= :to' : 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':pk': pk, ':to': to, ...(from !== '' && { ':from': from }) },
  }
  for await (const { Items: items } of paginateQuery({ client }, query)) yield items ?? []
}
