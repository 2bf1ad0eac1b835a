// Finds the users who have closed sessions of a day.

import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { closedKeyAfter, userOf } from '../../functions/aws/sessions-table/session-items.ts'
import { PARTITION_KEY, SESSION_DURATION_MS_MAX, SORT_KEY } from '../../functions/contract.ts'
import { DAY_MS } from '../../functions/domain/durations.ts'

/**
 * Reads the whole table. The time in a session's id lies within the session. So the id of a session
 * of the day is from the day, or at most the longest duration away from it.
 *
 * @param day UTC, such as `2026-03-02`.
 */
export async function usersWithClosed(
  client: DynamoDBDocumentClient,
  table: string,
  day: string,
): Promise<ReadonlySet<string>> {
  const startMs = Date.parse(`${day}T00:00:00Z`)
  const scan = {
    TableName: table,
    ProjectionExpression: '#pk',
    FilterExpression: '#sk BETWEEN :first AND :last',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
    ExpressionAttributeValues: {
      ':first': closedKeyAfter(startMs - SESSION_DURATION_MS_MAX - 1),
      ':last': closedKeyAfter(startMs + DAY_MS + SESSION_DURATION_MS_MAX),
    },
    ConsistentRead: true,
  }
  const users = new Set<string>()
  for await (const { Items: items } of paginateScan({ client }, scan)) {
    for (const item of (items ?? []) as Item[]) users.add(userOf(item))
  }
  return users
}

/** Returns the size of the table as DynamoDB last counted it, at most some six hours ago. */
export async function tableBytes(client: DynamoDBClient, table: string): Promise<number> {
  const { Table: found } = await client.send(new DescribeTableCommand({ TableName: table }))
  return found?.TableSizeBytes ?? 0
}
