// DirtyHours on DynamoDB: hours and days that wait to be rolled up in, one item for each until it is settled out.

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { DIRTY_PARTITION, PARTITION_KEY, SORT_KEY } from '../../contract.ts'
import type { DirtyHours, DirtyPeriod, StoredDirtyPeriod } from '../../ports.ts'
import type { Item } from '../sessions-table/session-items.ts'

const WRITES_AT_ONCE = 16
const SEEN_AT = 'seen_at'

export function dynamoDirtyHours(client: DynamoDBDocumentClient, table: string): DirtyHours {
  return {
    mark: async (dirtyHours) => {
      await pMap(
        dirtyHours,
        (touch) =>
          client.send(new PutCommand({ TableName: table, Item: { ...dirtyPeriodKey(touch), at: touch.atMs } })),
        { concurrency: WRITES_AT_ONCE },
      )
    },

    pages: async function* () {
      const query = {
        TableName: table,
        KeyConditionExpression: 'pk = :dirtyPeriods',
        ExpressionAttributeValues: { ':dirtyPeriods': DIRTY_PARTITION },
        ConsistentRead: true,
      }
      for await (const { Items: items } of paginateQuery({ client }, query)) yield (items ?? []).map(toDirtyPeriod)
    },

    markSeen: (touch, nowMs) =>
      unlessMadeAgain(
        client.send(
          new PutCommand({
            TableName: table,
            Item: { ...dirtyPeriodKey(touch), at: touch.atMs, [SEEN_AT]: nowMs },
            ...asFound({ ...touch, seenMs: null }),
          }),
        ),
      ),

    clear: (touch) =>
      unlessMadeAgain(
        client.send(new DeleteCommand({ TableName: table, Key: dirtyPeriodKey(touch), ...asFound(touch) })),
      ),
  }
}

function asFound({ atMs, seenMs }: StoredDirtyPeriod) {
  const isSeen = seenMs !== null
  return {
    ConditionExpression: `#at = :at AND ${isSeen ? '#seen = :seen' : 'attribute_not_exists(#seen)'}`,
    ExpressionAttributeNames: { '#at': 'at', '#seen': SEEN_AT },
    ExpressionAttributeValues: { ':at': atMs, ...(isSeen && { ':seen': seenMs }) },
  }
}

async function unlessMadeAgain(sent: Promise<unknown>): Promise<void> {
  try {
    await sent
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

function dirtyPeriodKey({ kind, of }: DirtyPeriod): { [PARTITION_KEY]: string; [SORT_KEY]: string } {
  return { [PARTITION_KEY]: DIRTY_PARTITION, [SORT_KEY]: `${kind}#${of}` }
}

function toDirtyPeriod(item: Item): StoredDirtyPeriod {
  const [kind = '', of = ''] = String(item[SORT_KEY]).split('#')
  const seenMs = (item[SEEN_AT] as number | undefined) ?? null
  return { kind: kind as DirtyPeriod['kind'], of, atMs: item.at as number, seenMs }
}
