// Schedules a timer for every user with an open session.

import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { stateKey, userOf } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'

/**
 * Reads the whole table, because the sweep finds users by their timers only. A restore can bring
 * back states without their timers. A second timer of a user does no harm.
 *
 * Returns the number of users.
 */
export async function scheduleOpenUsers(client: DynamoDBDocumentClient, table: string, nowMs: number): Promise<number> {
  const timers = dynamoTimerStore(client, table)
  const scan = {
    TableName: table,
    ProjectionExpression: '#pk',
    // Open sessions are text or deflated. A state without them may hold NULL there.
    FilterExpression: '#sk = :open AND (attribute_type(#sessions, :text) OR attribute_type(#sessions, :deflated))',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY, '#sessions': 'sessions' },
    ExpressionAttributeValues: { ':open': stateKey('')[SORT_KEY], ':text': 'S', ':deflated': 'B' },
    ConsistentRead: true,
  }
  let found = 0
  for await (const { Items: items } of paginateScan({ client }, scan)) {
    const users = ((items ?? []) as Item[]).map(userOf)
    if (users.length > 0) await timers.put(users.map((user) => ({ user, atMs: nowMs })))
    found += users.length
  }
  return found
}
