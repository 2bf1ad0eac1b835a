// Polls a DynamoDB table's stream for an event source mapping, and applies the mapping's filters.

import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import {
  type _Record,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams'
import { SECOND_MS } from '../../functions/domain/durations.ts'
import type { Clients } from '../emulators/clients.ts'
import { matches } from '../template/event-pattern.ts'
import type { MappingSpec } from '../template/pipeline-spec.ts'
import type { FunctionProcess } from './function-process.ts'
import { type PolledStream, type Poller, type ShardReader, startPoller } from './poller.ts'
import { openReader } from './shard-reader.ts'

/** A drain waits for two empty reads of the table's stream, so the poller never waits long. */
const IDLE_MS_MAX = 5

type ChangeRecord = Omit<_Record, 'dynamodb'> & {
  readonly eventSourceARN: string
  readonly dynamodb: Readonly<Record<string, unknown>>
}

export function startTableStreamPoller(mapping: MappingSpec, invoked: FunctionProcess, clients: Clients): Poller {
  return startPoller(tableStream(mapping, clients), mapping, invoked, clients.s3)
}

function tableStream(mapping: MappingSpec, clients: Clients): PolledStream<ChangeRecord> {
  const described = clients.dynamodb.send(new DescribeTableCommand({ TableName: mapping.sourceName }))
  const streamArn = described.then(({ Table: table }) => table?.LatestStreamArn as string)
  return {
    title: `the stream of table ${mapping.sourceName}`,
    idleMsMax: IDLE_MS_MAX,
    listShards: async () => {
      const stream = await clients.tableStreams.send(new DescribeStreamCommand({ StreamArn: await streamArn }))
      return (stream.StreamDescription?.Shards ?? []).map((shard) => shard.ShardId as string)
    },
    openShard: async (shardId) => openShard(await streamArn, shardId, mapping, clients),
    sequenceNumber: (record) => String(record.dynamodb.SequenceNumber),
    nextBatch: (waiting) => waiting.slice(0, mapping.batchSize),
    failedBatch: () => ({ folder: 'table-stream', info: {} }),
  }
}

function openShard(
  streamArn: string,
  shardId: string,
  mapping: MappingSpec,
  { tableStreams }: Clients,
): Promise<ShardReader<ChangeRecord>> {
  const shard = { StreamArn: streamArn, ShardId: shardId }
  const oldest = { ShardIteratorType: 'TRIM_HORIZON' } as const
  return openReader({
    open: async (after) => {
      const start =
        after === undefined ? oldest : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, SequenceNumber: after }
      const opened = await tableStreams.send(new GetShardIteratorCommand({ ...shard, ...start }))
      return opened.ShardIterator
    },
    read: async (iterator) => {
      const page = await tableStreams.send(new GetRecordsCommand({ ShardIterator: iterator }))
      const changes = page.Records ?? []
      return {
        records: changes.map((record) => toChangeRecord(streamArn, record)).filter((record) => passes(record, mapping)),
        isEmpty: changes.length === 0,
        hasMore: false,
        next: page.NextShardIterator,
        lastSequenceNumber: changes.at(-1)?.dynamodb?.SequenceNumber,
      }
    },
  })
}

function passes(record: object, mapping: MappingSpec): boolean {
  return mapping.filters.length === 0 || mapping.filters.some((pattern) => matches(pattern, record))
}

/** Lambda writes times in epoch seconds and binary values in base64, and names the stream. */
function toChangeRecord(streamArn: string, record: _Record): ChangeRecord {
  const { NewImage, OldImage, Keys = {}, ApproximateCreationDateTime: created, ...rest } = record.dynamodb ?? {}
  return {
    ...record,
    eventSourceARN: streamArn,
    dynamodb: {
      ...rest,
      // MiniStack gives each change the size 0, where AWS counts at least one byte.
      ...(rest.SizeBytes === 0 && { SizeBytes: JSON.stringify([Keys, NewImage, OldImage]).length }),
      ...(created !== undefined && { ApproximateCreationDateTime: Math.floor(created.getTime() / SECOND_MS) }),
      Keys: withBase64(Keys),
      ...(NewImage !== undefined && { NewImage: withBase64(NewImage) }),
      ...(OldImage !== undefined && { OldImage: withBase64(OldImage) }),
    },
  }
}

type Image = NonNullable<NonNullable<_Record['dynamodb']>['NewImage']>

function withBase64(image: Image): Record<string, unknown> {
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, toBase64(value)]))
}

function toBase64(value: Image[string]): unknown {
  if (value.B !== undefined) return { B: base64(value.B) }
  if (value.BS !== undefined) return { BS: value.BS.map(base64) }
  if (value.L !== undefined) return { L: value.L.map(toBase64) }
  return value.M === undefined ? value : { M: withBase64(value.M) }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
