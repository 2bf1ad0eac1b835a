// ShardProgress on DynamoDB: the last applied record of a shard in, an item that only moves forward out.

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { PARTITION_KEY, PROGRESS_KEY, SORT_KEY } from '../../contract.ts'
import type { ShardProgress } from '../../ports.ts'
import { RESENT_SHARD } from '../dead-letters/dead-letter-objects.ts'
import { checkSchema, ITEM_SCHEMA, SCHEMA } from '../runtime/item-schema.ts'

export interface Progress {
  readonly sequenceNumber: string
  readonly arrivalMs: number
}

function progressKey(shardId: string) {
  return { [PARTITION_KEY]: `shard#${shardId}`, [SORT_KEY]: PROGRESS_KEY }
}

/** Sequence numbers are decimals of up to 128 digits: padded, they compare as text. */
function comparable(sequenceNumber: string): string {
  return sequenceNumber.padStart(128, '0')
}

export function dynamoShardProgress(client: DynamoDBDocumentClient, table: string): ShardProgress {
  return {
    record: async (shardId, sequenceNumber, arrivalMs) => {
      const command = new PutCommand({
        TableName: table,
        Item: {
          ...progressKey(shardId),
          [SCHEMA]: ITEM_SCHEMA,
          sequence: comparable(sequenceNumber),
          arrival: arrivalMs,
        },
        ConditionExpression: 'attribute_not_exists(pk) OR #sequence < :sequence',
        ExpressionAttributeNames: { '#sequence': 'sequence' },
        ExpressionAttributeValues: { ':sequence': comparable(sequenceNumber) },
      })
      try {
        await client.send(command)
      } catch (error) {
        // A redelivered batch: a later record is already recorded.
        if (!(error instanceof ConditionalCheckFailedException)) throw error
      }
    },

    isPassed: async (shardId, sequenceNumber) => {
      if (shardId === RESENT_SHARD) return true
      const progress = await loadProgress(client, table, shardId)
      return progress !== null && comparable(progress.sequenceNumber) >= comparable(sequenceNumber)
    },
  }
}

/** Null while nothing of the shard was applied. */
export async function loadProgress(
  client: DynamoDBDocumentClient,
  table: string,
  shardId: string,
): Promise<Progress | null> {
  const command = new GetCommand({ TableName: table, Key: progressKey(shardId), ConsistentRead: true })
  const { Item: item } = await client.send(command)
  if (item === undefined) return null
  checkSchema(item)
  return { sequenceNumber: String(item.sequence).replace(/^0+/, ''), arrivalMs: item.arrival as number }
}
