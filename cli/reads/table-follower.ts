// Follows the stream of the sessions table, and returns its changes, or sessions as they close.

import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  type _Record,
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { readableClosed } from '../../functions/aws/sessions-table/readable-closed.ts'
import { CLOSED, KIND } from '../../functions/contract.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import { UserError } from '../../terminal/user-error.ts'

export interface TableFollower<T> {
  /** Returns the changes since the last read. */
  read(): Promise<T[]>
}

/** New shards come every few hours, so the follower lists them only at every thirtieth read. */
const READS_PER_LISTING = 30
/** Pages of one shard in one read; a page holds up to 1 MB. */
const PAGES_MAX = 20

/** Starts with the sessions that close from now on. */
export function followClosed(
  dynamodb: DynamoDBClient,
  tableStreams: DynamoDBStreamsClient,
  table: string,
): Promise<TableFollower<ClosedSession>> {
  // A damaged item is left out: finalize stores its change as a dead letter and writes no row.
  const toClosed = (item: Item): ClosedSession[] => (item[KIND] === CLOSED ? readableClosed(item) : [])
  return followTable(dynamodb, tableStreams, table, toClosed)
}

/**
 * Starts with the changes from now on.
 *
 * @param toChanges returns what the follower returns for an item that was written.
 */
export async function followTable<T>(
  dynamodb: DynamoDBClient,
  tableStreams: DynamoDBStreamsClient,
  table: string,
  toChanges: (item: Item) => readonly T[],
): Promise<TableFollower<T>> {
  const { Table: described } = await dynamodb.send(new DescribeTableCommand({ TableName: table }))
  const arn = described?.LatestStreamArn
  if (arn === undefined) throw new UserError(`Table ${table} has no stream: is it the sessions table of this stack?`)
  /** By shard; undefined once a shard has been read to its end. */
  const iterators = new Map<string, string | undefined>()

  const open = async (shardId: string, type: 'LATEST' | 'TRIM_HORIZON'): Promise<void> => {
    const command = new GetShardIteratorCommand({ StreamArn: arn, ShardId: shardId, ShardIteratorType: type })
    iterators.set(shardId, (await tableStreams.send(command)).ShardIterator)
  }
  const list = async (type: 'LATEST' | 'TRIM_HORIZON'): Promise<void> => {
    let start: string | undefined
    do {
      const command = new DescribeStreamCommand({ StreamArn: arn, ...(start && { ExclusiveStartShardId: start }) })
      const { StreamDescription: stream } = await tableStreams.send(command)
      for (const { ShardId: id = '' } of stream?.Shards ?? []) if (!iterators.has(id)) await open(id, type)
      start = stream?.LastEvaluatedShardId
    } while (start !== undefined)
  }
  const readShard = async (shardId: string, iterator: string): Promise<T[]> => {
    const found: T[] = []
    let next: string | undefined = iterator
    for (let page = 0; page < PAGES_MAX && next !== undefined; page++) {
      const got: GetRecordsCommandOutput = await tableStreams.send(new GetRecordsCommand({ ShardIterator: next }))
      found.push(...(got.Records ?? []).flatMap(writtenItem).flatMap(toChanges))
      next = got.NextShardIterator
      if ((got.Records ?? []).length === 0) break
    }
    iterators.set(shardId, next)
    return found
  }

  await list('LATEST')
  let reads = 0
  return {
    read: async () => {
      reads++
      if (reads % READS_PER_LISTING === 0) await list('TRIM_HORIZON')
      const found: T[] = []
      for (const [shardId, iterator] of iterators) {
        if (iterator === undefined) continue
        try {
          found.push(...(await readShard(shardId, iterator)))
        } catch (error) {
          // The computer slept for hours. The results table has the rows that this follower missed.
          if (!(error instanceof ExpiredIteratorException || error instanceof TrimmedDataAccessException)) throw error
          await open(shardId, 'LATEST')
        }
      }
      return found
    },
  }
}

/** Returns nothing for an item that was deleted. */
function writtenItem({ dynamodb }: _Record): Item[] {
  // Both clients use the same shape of values, but each has a type of its own for it.
  return dynamodb?.NewImage === undefined ? [] : [unmarshall(dynamodb.NewImage as never) as Item]
}
