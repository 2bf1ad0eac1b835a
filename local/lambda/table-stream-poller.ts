// Lambda's poller of a table's stream: changes in, those that pass the filters in batches to the function out.

import { setTimeout as wait } from 'node:timers/promises'
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import {
  type _Record,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Clients } from '../emulators/clients.ts'
import { matches } from '../template/event-pattern.ts'
import type { MappingSpec } from '../template/pipeline-spec.ts'
import { deliver, type Invoker } from './delivery.ts'
import type { FunctionProcess } from './function-process.ts'
import type { Poller } from './kinesis-poller.ts'

const IDLE_WAIT_MS = 5

export interface TableStreamPoller extends Poller {
  /** Resolves when the stream, read from now on, has twice in a row nothing more. */
  caughtUp(): Promise<void>
}

export function startTableStreamPoller(
  mapping: MappingSpec,
  invoked: FunctionProcess,
  clients: Clients,
): TableStreamPoller {
  let isStopped = false
  let delivered = 0
  let discarded = 0
  let emptyLooks = 0
  const invoker = tableStreamInvoker(mapping, invoked, clients)

  const pollShard = async (streamArn: string, shardId: string): Promise<void> => {
    const start = { StreamArn: streamArn, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' } as const
    let iterator = (await clients.tableStreams.send(new GetShardIteratorCommand(start))).ShardIterator
    while (!isStopped && iterator !== undefined) {
      const page = await clients.tableStreams.send(new GetRecordsCommand({ ShardIterator: iterator }))
      iterator = page.NextShardIterator
      const records = page.Records ?? []
      // Filtered-out records cost no invocation, and go past unseen.
      const passing = records.map(toLambdaRecord).filter((record) => passes(record, mapping))
      for (let start = 0; start < passing.length; start += mapping.batchSize) {
        const outcome = await deliver(passing.slice(start, start + mapping.batchSize), mapping, invoker)
        delivered += outcome.succeeded
        discarded += outcome.failed.length
      }
      emptyLooks = records.length === 0 ? emptyLooks + 1 : 0
      if (records.length === 0) await wait(IDLE_WAIT_MS)
    }
  }

  const pollAll = async (): Promise<void> => {
    const described = await clients.dynamodb.send(new DescribeTableCommand({ TableName: mapping.sourceName }))
    const streamArn = described.Table?.LatestStreamArn as string
    const stream = await clients.tableStreams.send(new DescribeStreamCommand({ StreamArn: streamArn }))
    const shards = stream.StreamDescription?.Shards ?? []
    await Promise.all(shards.map((shard) => pollShard(streamArn, shard.ShardId as string)))
  }

  const ended = pollAll()
  ended.catch(() => {})
  return {
    counts: () => ({ delivered, discarded }),
    ended,
    caughtUp: async () => {
      emptyLooks = 0
      while (emptyLooks < 2) await Promise.race([wait(IDLE_WAIT_MS), ended.then(failWhenStopped)])
    },
    stop: async () => {
      isStopped = true
      await ended.catch(() => {})
    },
  }
}

function failWhenStopped(): never {
  throw new Error('the reader of the sessions table’s stream stopped before it was caught up')
}

function passes(record: object, mapping: MappingSpec): boolean {
  return mapping.filters.length === 0 || mapping.filters.some((pattern) => matches(pattern, record))
}

type LambdaRecord = Omit<_Record, 'dynamodb'> & { readonly dynamodb: Readonly<Record<string, unknown>> }

/** As Lambda writes it: binary attributes in base64. */
function toLambdaRecord(record: _Record): LambdaRecord {
  const { NewImage, OldImage, Keys, ...rest } = record.dynamodb ?? {}
  return {
    ...record,
    dynamodb: {
      ...rest,
      Keys,
      ...(NewImage !== undefined && { NewImage: withBase64(NewImage) }),
      ...(OldImage !== undefined && { OldImage: withBase64(OldImage) }),
    },
  }
}

function withBase64(image: NonNullable<NonNullable<_Record['dynamodb']>['NewImage']>): Record<string, unknown> {
  const values = Object.entries(image).map(([name, value]) => {
    return [name, value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') }]
  })
  return Object.fromEntries(values)
}

function tableStreamInvoker(mapping: MappingSpec, invoked: FunctionProcess, clients: Clients): Invoker<LambdaRecord> {
  const sequenceNumber = (record: LambdaRecord): string => String(record.dynamodb.SequenceNumber)
  return {
    invoke: (records) => invoked.invoke({ Records: records }),
    sequenceNumber,
    discard: async (records, cause) => {
      if (mapping.failureBucket === null) return
      const body = { requestContext: { cause }, version: '1.0', payload: JSON.stringify({ Records: records }) }
      const key = `aws/lambda/local/table-stream/${sequenceNumber(records[0] as LambdaRecord)}.json`
      await clients.s3.send(
        new PutObjectCommand({ Bucket: mapping.failureBucket, Key: key, Body: JSON.stringify(body) }),
      )
    },
  }
}
