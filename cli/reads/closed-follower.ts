// Sessions as they close: the sessions table's stream in, the sessions that closed since the last look out.

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
import { readClosed } from '../../functions/aws/sessions-table/session-items.ts'
import { CLOSED, KIND } from '../../functions/contract.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import { UserError } from '../../terminal/user-error.ts'

export interface ClosedFollower {
  look(): Promise<ClosedSession[]>
}

/** New shards come every few hours: it is enough to look for them now and then. */
const LOOKS_A_LISTING = 30
/** Of one shard, in one look: each of up to 1 MB. */
const PAGES_MAX = 20

/** From now on. */
export async function followClosed(
  dynamodb: DynamoDBClient,
  tableStreams: DynamoDBStreamsClient,
  table: string,
): Promise<ClosedFollower> {
  const { Table: described } = await dynamodb.send(new DescribeTableCommand({ TableName: table }))
  const arn = described?.LatestStreamArn
  if (arn === undefined) throw new UserError(`table ${table} has no stream: is it the stack's own?`)
  /** Undefined once a shard is read to its end. */
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
  const read = async (shardId: string, iterator: string): Promise<ClosedSession[]> => {
    const found: ClosedSession[] = []
    let next: string | undefined = iterator
    for (let page = 0; page < PAGES_MAX && next !== undefined; page++) {
      const got: GetRecordsCommandOutput = await tableStreams.send(new GetRecordsCommand({ ShardIterator: next }))
      found.push(...(got.Records ?? []).flatMap(toClosed))
      next = got.NextShardIterator
      if ((got.Records ?? []).length === 0) break
    }
    iterators.set(shardId, next)
    return found
  }

  await list('LATEST')
  let looks = 0
  return {
    look: async () => {
      looks++
      if (looks % LOOKS_A_LISTING === 0) await list('TRIM_HORIZON')
      const found: ClosedSession[] = []
      for (const [shardId, iterator] of iterators) {
        if (iterator === undefined) continue
        try {
          found.push(...(await read(shardId, iterator)))
        } catch (error) {
          // The computer slept: what was missed meanwhile is in the table.
          if (!(error instanceof ExpiredIteratorException || error instanceof TrimmedDataAccessException)) throw error
          await open(shardId, 'LATEST')
        }
      }
      return found
    },
  }
}

function toClosed({ dynamodb }: _Record): ClosedSession[] {
  // The two clients have the same shape of values under two types.
  const item = dynamodb?.NewImage === undefined ? null : (unmarshall(dynamodb.NewImage as never) as Item)
  const closed = item?.[KIND] === CLOSED ? readClosed(item) : null
  return closed === null ? [] : [closed]
}
