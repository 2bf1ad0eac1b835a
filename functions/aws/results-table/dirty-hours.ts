// Touches on DynamoDB: hours and days that wait to be rolled up in, one item for each until it is settled out.

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { PARTITION_KEY, SORT_KEY, TOUCHED_PARTITION } from '../../contract.ts'
import type { Touch, Touches, WaitingTouch } from '../../ports.ts'
import type { Item } from '../sessions-table/session-items.ts'

const WRITES_AT_ONCE = 16
const SEEN_AT = 'seen_at'

export function dynamoTouches(client: DynamoDBDocumentClient, table: string): Touches {
  return {
    touch: async (touches) => {
      await pMap(
        touches,
        (touch) => client.send(new PutCommand({ TableName: table, Item: { ...touchKey(touch), at: touch.atMs } })),
        { concurrency: WRITES_AT_ONCE },
      )
    },

    touched: async function* () {
      const query = {
        TableName: table,
        KeyConditionExpression: 'pk = :touched',
        ExpressionAttributeValues: { ':touched': TOUCHED_PARTITION },
        ConsistentRead: true,
      }
      for await (const { Items: items } of paginateQuery({ client }, query)) yield (items ?? []).map(toTouch)
    },

    see: (touch, nowMs) =>
      unlessMadeAgain(
        client.send(
          new PutCommand({
            TableName: table,
            Item: { ...touchKey(touch), at: touch.atMs, [SEEN_AT]: nowMs },
            ...asFound({ ...touch, seenMs: null }),
          }),
        ),
      ),

    settle: (touch) =>
      unlessMadeAgain(client.send(new DeleteCommand({ TableName: table, Key: touchKey(touch), ...asFound(touch) }))),
  }
}

function asFound({ atMs, seenMs }: WaitingTouch) {
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

function touchKey({ kind, of }: Touch): { [PARTITION_KEY]: string; [SORT_KEY]: string } {
  return { [PARTITION_KEY]: TOUCHED_PARTITION, [SORT_KEY]: `${kind}#${of}` }
}

function toTouch(item: Item): WaitingTouch {
  const [kind = '', of = ''] = String(item[SORT_KEY]).split('#')
  const seenMs = (item[SEEN_AT] as number | undefined) ?? null
  return { kind: kind as Touch['kind'], of, atMs: item.at as number, seenMs }
}
