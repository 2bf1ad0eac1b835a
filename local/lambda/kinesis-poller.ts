// Lambda's poller of a Kinesis stream: shards in, batches of records to the function, one shard's in order, out.

import { setTimeout as wait } from 'node:timers/promises'
import { type _Record, GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { KinesisStreamRecord } from 'aws-lambda'
import type { Clients } from '../emulators/clients.ts'
import type { MappingSpec } from '../template/pipeline-spec.ts'
import { deliver, type Invoker } from './delivery.ts'
import type { FunctionProcess } from './function-process.ts'

export interface Poller {
  /** Records that the function has taken, and those that it was given up for. */
  counts(): { readonly delivered: number; readonly discarded: number }
  /** Resolves once it has read all that there was when it was called. */
  caughtUp(): Promise<void>
  stop(): Promise<void>
  /** Throws what stopped the poller by itself. */
  readonly ended: Promise<void>
}

/** Lambda hands over at most 6 MB at once. */
const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
/** What a record takes in the invocation's JSON besides its data. */
const ENVELOPE_BYTES = 556
/** Ever longer, up to this, while nothing comes. */
const IDLE_WAIT_MS_MAX = 100
const IDLE_WAIT_MS_MIN = 5

/**
 * Polls each shard in turn, so that one function process is enough. The batching window is the only thing that is
 * shortened: a batch goes out as soon as the shard has nothing more.
 */
export function startKinesisPoller(mapping: MappingSpec, invoked: FunctionProcess, clients: Clients): Poller {
  let isStopped = false
  let delivered = 0
  let discarded = 0
  let listed: Promise<unknown> | undefined
  /** How often each shard had nothing more. */
  const emptyLooks = new Map<string, number>()

  const pollShard = async (shardId: string): Promise<void> => {
    const invoker = kinesisInvoker(shardId, mapping, invoked, clients)
    const start = { StreamName: mapping.sourceName, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' } as const
    let iterator = (await clients.kinesis.send(new GetShardIteratorCommand(start))).ShardIterator
    let waiting: _Record[] = []
    let idleMs = IDLE_WAIT_MS_MIN
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
      idleMs = (page.Records ?? []).length > 0 ? IDLE_WAIT_MS_MIN : Math.min(2 * idleMs, IDLE_WAIT_MS_MAX)
      if ((page.Records ?? []).length > 0) continue
      if (!hasMore) emptyLooks.set(shardId, (emptyLooks.get(shardId) ?? 0) + 1)
      await wait(idleMs)
    }
  }

  const pollAll = async (): Promise<void> => {
    const list = clients.kinesis.send(new ListShardsCommand({ StreamName: mapping.sourceName }))
    listed = list
    const { Shards: shards } = await list
    for (const shard of shards ?? []) emptyLooks.set(shard.ShardId as string, 0)
    await Promise.all((shards ?? []).map((shard) => pollShard(shard.ShardId as string)))
  }

  const ended = pollAll()
  ended.catch(() => {})
  return {
    counts: () => ({ delivered, discarded }),
    ended,
    caughtUp: async () => {
      await listed
      const before = new Map(emptyLooks)
      // The look under way may have begun before the call, so the one after it counts.
      const isDone = (): boolean => [...emptyLooks].every(([shard, looks]) => looks >= (before.get(shard) ?? 0) + 2)
      while (!isDone()) await Promise.race([wait(IDLE_WAIT_MS_MIN), ended.then(failWhenStopped)])
    },
    stop: async () => {
      isStopped = true
      await ended.catch(() => {})
    },
  }
}

function failWhenStopped(): never {
  throw new Error('the reader of the stream stopped before it was caught up')
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
