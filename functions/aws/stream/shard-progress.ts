// Stores how far ingest has applied each shard, and how far a sweep found it empty after that, as
// one item for each shard that only moves forward.

import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { PARTITION_KEY, PROGRESS_KEY, SORT_KEY } from '../../contract.ts'
import { type ShardProgress, UnreadableItemError } from '../../ports.ts'
import { storedInstead, unlessNewer } from '../runtime/conditional-write.ts'
import { checkSchema, ITEM_SCHEMA, readItem, SCHEMA } from '../runtime/item-schema.ts'
import type { Item, Key } from '../runtime/table-items.ts'
import { REDRIVEN_SHARD } from './kinesis-batch.ts'

export interface Progress {
  /** `0` while ingest has applied no record of the shard. */
  readonly sequenceNumber: string
  readonly arrivalMs: number
  /**
   * A sweep found no record after this one that arrived before `emptyUntilMs`. Null until a sweep
   * needed more than one page to find that.
   */
  readonly emptyUntilMs: number | null
}

/** Loads the progress of shards, and stores how far they are empty after it. */
export interface EmptyShards {
  /** Returns null while nothing is stored of the shard. */
  loadProgress(shardId: string): Promise<Progress | null>
  /**
   * Stores that no record after the progress arrived before `emptyUntilMs`. It has no effect when
   * ingest has recorded another progress meanwhile, or a sweep a later time.
   */
  recordEmpty(shardId: string, progress: Progress | null, emptyUntilMs: number): Promise<void>
}

const NOTHING_APPLIED: Progress = { sequenceNumber: '0', arrivalMs: 0, emptyUntilMs: null }

export function dynamoShardProgress(client: DynamoDBDocumentClient, table: string): ShardProgress {
  return {
    record: async (shardId, sequenceNumber, arrivalMs) => {
      // The item replaces the stored one, so what was empty after an earlier record is gone.
      const item = progressItem(shardId, { sequenceNumber, arrivalMs, emptyUntilMs: null })
      const condition = unlessNewer('sequence', padded(sequenceNumber))
      // A redelivered batch fails the condition: a later record is recorded already.
      await storedInstead(client.send(new PutCommand({ TableName: table, Item: item, ...condition })))
    },

    isPassed: async (shardId, sequenceNumber) => {
      if (shardId === REDRIVEN_SHARD) return true
      const progress = await loadProgress(client, table, shardId).catch(damagedOrThrow)
      if (progress === DAMAGED) return true
      return progress !== null && padded(progress.sequenceNumber) >= padded(sequenceNumber)
    },
  }
}

export function dynamoEmptyShards(client: DynamoDBDocumentClient, table: string): EmptyShards {
  return {
    loadProgress: (shardId) => loadProgress(client, table, shardId),
    recordEmpty: async (shardId, progress, emptyUntilMs) => {
      const item = progressItem(shardId, { ...(progress ?? NOTHING_APPLIED), emptyUntilMs })
      const condition = progress === null ? { ConditionExpression: 'attribute_not_exists(pk)' } : unlessChanged(item)
      await storedInstead(client.send(new PutCommand({ TableName: table, Item: item, ...condition })))
    },
  }
}

const DAMAGED = Symbol('damaged')

/** Ingest goes on without the progress of its shard; the sweep fails by the name of the shard. */
function damagedOrThrow(error: unknown): typeof DAMAGED {
  if (error instanceof UnreadableItemError) return DAMAGED
  throw error
}

/** Returns the condition that the progress is the item's, and no later `empty_until` is stored. */
function unlessChanged({ sequence, [EMPTY_UNTIL]: emptyUntilMs }: Item) {
  return {
    ConditionExpression:
      '#sequence = :sequence AND (attribute_not_exists(#empty_until) OR #empty_until < :empty_until)',
    ExpressionAttributeNames: { '#sequence': 'sequence', '#empty_until': EMPTY_UNTIL },
    ExpressionAttributeValues: { ':sequence': sequence, ':empty_until': emptyUntilMs },
  }
}

/** Returns null while nothing is stored. Throws UnreadableItemError for a damaged item. */
export async function loadProgress(
  client: DynamoDBDocumentClient,
  table: string,
  shardId: string,
): Promise<Progress | null> {
  const command = new GetCommand({ TableName: table, Key: progressKey(shardId), ConsistentRead: true })
  const { Item: item } = await client.send(command)
  if (item === undefined) return null
  checkSchema(item)
  return readItem(`the progress of ${shardId}`, () => ({
    sequenceNumber: BigInt(item.sequence as string).toString(),
    arrivalMs: readTime(item.arrival),
    emptyUntilMs: item[EMPTY_UNTIL] === undefined ? null : readTime(item[EMPTY_UNTIL]),
  }))
}

function readTime(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new TypeError('not a time')
}

const EMPTY_UNTIL = 'empty_until'

/**
 * The item of one shard, with the sequence number and the arrival time of the last record that
 * ingest has applied. `empty_until` is there only after a sweep that needed it:
 *
 *     {"pk":"shard#shardId-000000000003","sk":"progress","schema":1,
 *      "sequence":"0000…00049590338271490256608559692538361571095921575989136588898",  (128 digits)
 *      "arrival":1772442005000,"empty_until":1772443500000}
 */
function progressItem(shardId: string, { sequenceNumber, arrivalMs, emptyUntilMs }: Progress): Item {
  return {
    ...progressKey(shardId),
    [SCHEMA]: ITEM_SCHEMA,
    sequence: padded(sequenceNumber),
    arrival: arrivalMs,
    ...(emptyUntilMs !== null && { [EMPTY_UNTIL]: emptyUntilMs }),
  }
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
