// Lambda's poller of a Kinesis stream: shards in, batches of records to the function, one shard's in order, out.

import { setTimeout as wait } from 'node:timers/promises'
import { type _Record, GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { KinesisStreamRecord } from 'aws-lambda'
import type { Clients } from './clients.ts'
import { deliver, type Invoker } from './delivery.ts'
import type { FunctionProcess } from './function-process.ts'
import type { MappingSpec } from './template.ts'

export interface Poller {
  /** Records that the function has taken, and those that it was given up for. */
  counts(): { readonly delivered: number; readonly discarded: number }
  stop(): Promise<void>
  /** Throws what stopped the poller by itself. */
  readonly ended: Promise<void>
}

/** Lambda hands over at most 6 MB at once. */
const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
/** What a record takes in the invocation's JSON besides its data. */
const ENVELOPE_BYTES = 556
const IDLE_WAIT_MS = 5

/**
 * Polls each shard in turn, so that one function process is enough. The batching window is the only thing that is
 * shortened: a batch goes out as soon as the shard has nothing more.
 */
export function startKinesisPoller(mapping: MappingSpec, invoked: FunctionProcess, clients: Clients): Poller {
  let isStopped = false
  let delivered = 0
  let discarded = 0

  const pollShard = async (shardId: string): Promise<void> => {
    const invoker = kinesisInvoker(shardId, mapping, invoked, clients)
    const start = { StreamName: mapping.sourceName, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' } as const
    let iterator = (await clients.kinesis.send(new GetShardIteratorCommand(start))).ShardIterator
    let waiting: _Record[] = []
    while (!isStopped && iterator !== undefined) {
      const page = await clients.kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 10_000 }))
      iterator = page.NextShardIterator
      waiting.push(...(page.Records ?? []))
      const hasMore = (page.MillisBehindLatest ?? 0) > 0
      while (!isStopped && waiting.length >= (hasMore ? mapping.batchSize : 1)) {
        const batch = nextBatch(waiting, mapping.batchSize)
        waiting = waiting.slice(batch.length)
        const outcome = await deliver(batch, mapping, invoker)
        delivered += outcome.succeeded
        discarded += outcome.failed.length
      }
      if ((page.Records ?? []).length === 0) await wait(IDLE_WAIT_MS)
    }
  }

  const pollAll = async (): Promise<void> => {
    const { Shards: shards } = await clients.kinesis.send(new ListShardsCommand({ StreamName: mapping.sourceName }))
    await Promise.all((shards ?? []).map((shard) => pollShard(shard.ShardId as string)))
  }

  const ended = pollAll()
  ended.catch(() => {})
  return {
    counts: () => ({ delivered, discarded }),
    ended,
    stop: async () => {
      isStopped = true
      await ended.catch(() => {})
    },
  }
}

function nextBatch(waiting: readonly _Record[], batchSize: number): _Record[] {
  const batch: _Record[] = []
  let bytes = 0
  for (const record of waiting.slice(0, batchSize)) {
    bytes += ENVELOPE_BYTES + Math.ceil(((record.Data?.length ?? 0) * 4) / 3)
    if (batch.length > 0 && bytes > PAYLOAD_BYTES_MAX) break
    batch.push(record)
  }
  return batch
}

function kinesisInvoker(
  shardId: string,
  mapping: MappingSpec,
  invoked: FunctionProcess,
  clients: Clients,
): Invoker<_Record> {
  return {
    invoke: (records) => invoked.invoke({ Records: records.map((record) => toLambdaRecord(shardId, record)) }),
    sequenceNumber: (record) => record.SequenceNumber ?? '',
    discard: async (records, cause) => {
      if (mapping.failureBucket === null) return
      const payload = JSON.stringify({ Records: records.map((record) => toLambdaRecord(shardId, record)) })
      const first = records[0]?.SequenceNumber
      const body = {
        requestContext: { condition: 'RetryAttemptsExhausted', cause },
        version: '1.0',
        KinesisBatchInfo: { shardId, batchSize: records.length, startSequenceNumber: first },
        payload,
      }
      const key = `aws/lambda/local/${shardId}/${first}.json`
      await clients.s3.send(
        new PutObjectCommand({ Bucket: mapping.failureBucket, Key: key, Body: JSON.stringify(body) }),
      )
    },
  }
}

/** As Lambda writes it: data in base64, the arrival time in seconds with a fraction. */
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
