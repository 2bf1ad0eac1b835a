// Polls a Kinesis stream for an event source mapping, with the form and the limits of its batches.

import { type _Record, GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis'
import type { KinesisStreamRecord } from 'aws-lambda'
import type { Clients } from '../emulators/clients.ts'
import type { MappingSpec } from '../template/pipeline-spec.ts'
import { firstBatch } from './first-batch.ts'
import type { FunctionProcess } from './function-process.ts'
import { type PolledStream, type Poller, type ShardReader, startPoller } from './poller.ts'
import { openReader } from './shard-reader.ts'

const IDLE_MS_MAX = 100
const READ_RECORDS_MAX = 10_000

export function startKinesisPoller(mapping: MappingSpec, invoked: FunctionProcess, clients: Clients): Poller {
  return startPoller(kinesisStream(mapping, clients), mapping, invoked, clients.s3)
}

function kinesisStream({ sourceName, batchSize }: MappingSpec, clients: Clients): PolledStream<KinesisStreamRecord> {
  return {
    title: `stream ${sourceName}`,
    idleMsMax: IDLE_MS_MAX,
    listShards: async () => {
      const { Shards: shards } = await clients.kinesis.send(new ListShardsCommand({ StreamName: sourceName }))
      return (shards ?? []).map((shard) => shard.ShardId as string)
    },
    openShard: (shardId) => openShard(sourceName, shardId, clients),
    sequenceNumber: (record) => record.kinesis.sequenceNumber,
    nextBatch: (waiting) => firstBatch(waiting, batchSize, ({ kinesis }) => kinesis.data),
    failedBatch: (shardId, records) => {
      const startSequenceNumber = records[0]?.kinesis.sequenceNumber
      return {
        folder: shardId,
        info: {
          KinesisBatchInfo: {
            shardId,
            batchSize: records.length,
            ...(startSequenceNumber !== undefined && { startSequenceNumber }),
          },
        },
      }
    },
  }
}

function openShard(
  streamName: string,
  shardId: string,
  { kinesis }: Clients,
): Promise<ShardReader<KinesisStreamRecord>> {
  const shard = { StreamName: streamName, ShardId: shardId }
  const oldest = { ShardIteratorType: 'TRIM_HORIZON' } as const
  return openReader({
    open: async (after) => {
      const start =
        after === undefined
          ? oldest
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, StartingSequenceNumber: after }
      const opened = await kinesis.send(new GetShardIteratorCommand({ ...shard, ...start }))
      return opened.ShardIterator
    },
    read: async (iterator) => {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: READ_RECORDS_MAX }))
      const records = (page.Records ?? []).map((record) => toLambdaRecord(shardId, record))
      return {
        records,
        isEmpty: records.length === 0,
        hasMore: (page.MillisBehindLatest ?? 0) > 0,
        next: page.NextShardIterator,
        lastSequenceNumber: records.at(-1)?.kinesis.sequenceNumber,
      }
    },
  })
}

/** Lambda writes the data in base64, and the arrival time in seconds with a fraction. */
function toLambdaRecord(shardId: string, record: _Record): KinesisStreamRecord {
  const arrivalMs = record.ApproximateArrivalTimestamp?.getTime() ?? 0
  return {
    eventID: `${shardId}:${record.SequenceNumber}`,
    eventName: 'aws:kinesis:record',
    eventSource: 'aws:kinesis',
    eventSourceARN: 'arn:aws:kinesis:local:000000000000:stream/local',
    eventVersion: '1.0',
    awsRegion: 'local',
    invokeIdentityArn: 'arn:aws:iam::000000000000:role/local',
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.PartitionKey ?? '',
      sequenceNumber: record.SequenceNumber ?? '',
      data: Buffer.from(record.Data ?? []).toString('base64'),
      approximateArrivalTimestamp: arrivalMs / 1000,
    },
  }
}
