// Stores how far ingest has applied each shard, as one item for each shard that only moves forward.

import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { PARTITION_KEY, PROGRESS_KEY, SORT_KEY } from '../../contract.ts'
import type { ShardProgress } from '../../ports.ts'
import { storedInstead, unlessNewer } from '../runtime/conditional-write.ts'
import { checkSchema, ITEM_SCHEMA, SCHEMA } from '../runtime/item-schema.ts'
import type { Item, Key } from '../runtime/table-items.ts'
import { RESENT_SHARD } from './kinesis-batch.ts'

export interface Progress {
  readonly sequenceNumber: string
  readonly arrivalMs: number
}

export function dynamoShardProgress(client: DynamoDBDocumentClient, table: string): ShardProgress {
  return {
    record: async (shardId, sequenceNumber, arrivalMs) => {
      const item = progressItem(shardId, { sequenceNumber, arrivalMs })
      const condition = unlessNewer('sequence', padded(sequenceNumber))
      // A batch that is delivered again fails the condition: a later record is recorded already.
      await storedInstead(client.send(new PutCommand({ TableName: table, Item: item, ...condition })))
    },

    isPassed: async (shardId, sequenceNumber) => {
      if (shardId === RESENT_SHARD) return true
      const progress = await loadProgress(client, table, shardId)
      return progress !== null && padded(progress.sequenceNumber) >= padded(sequenceNumber)
    },
  }
}

/** Returns null until ingest has applied a record of the shard. */
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

/**
 * The item of one shard, with the sequence number and the arrival time of the last record that
 * ingest has applied:
 *
 *     {"pk":"shard#shardId-000000000003","sk":"progress","schema":1,
 *      "sequence":"0000…00049590338271490256608559692538361571095921575989136588898",  (128 digits)
 *      "arrival":1772442005000}
 */
function progressItem(shardId: string, { sequenceNumber, arrivalMs }: Progress): Item {
  return { ...progressKey(shardId), [SCHEMA]: ITEM_SCHEMA, sequence: padded(sequenceNumber), arrival: arrivalMs }
}

function progressKey(shardId: string): Key {
  return { [PARTITION_KEY]: `shard#${shardId}`, [SORT_KEY]: PROGRESS_KEY }
}

/**
 * Pads a sequence number, a decimal of up to 128 digits, so that texts compare as the numbers do.
 */
function padded(sequenceNumber: string): string {
  return sequenceNumber.padStart(128, '0')
}
