// Stands for Lambda's event source mappings: reads each shard of a stream in order and delivers its
// records to the function in batches.

import { setTimeout as wait } from 'node:timers/promises'
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { FailedObject } from '../../functions/aws/dead-letters/failed-batch.ts'
import type { MappingSpec } from '../template/pipeline-spec.ts'
import { deliver, type Invoker } from './delivery.ts'
import type { FunctionProcess } from './function-process.ts'

export interface Poller {
  /** Counts the records that the function processed, and those that were given up. */
  counts(): { readonly delivered: number; readonly discarded: number }
  /** Resolves when no record that was in the stream at the call is left to deliver. */
  caughtUp(): Promise<void>
  /** Ends the poller after the batch that is under way. */
  stop(): Promise<void>
  /** Resolves after `stop`, and rejects if an error ended the poller. */
  readonly ended: Promise<void>
}

/** A stream, whose records already have the form in which Lambda hands them to a function. */
export interface PolledStream<R> {
  /** Names the stream in messages. */
  readonly title: string
  /** The poller waits longer after every empty read in a row, up to this. */
  readonly idleMsMax: number
  listShards(): Promise<string[]>
  /** Starts at the oldest record of the shard. */
  openShard(shardId: string): Promise<ShardReader<R>>
  sequenceNumber(record: R): string
  /** Returns the first of the waiting records that fit into one batch: one at least. */
  nextBatch(waiting: readonly R[]): readonly R[]
  /** Describes a batch that was given up to the on-failure destination. */
  failedBatch(shardId: string, records: readonly R[]): FailedBatchInfo
}

export interface ShardReader<R> {
  /** Returns null at the end of a closed shard. */
  read(): Promise<Page<R> | null>
}

export interface Page<R> {
  /** The records that pass the mapping's filters. */
  readonly records: readonly R[]
  /** Whether the read found no record at all, filtered ones included. */
  readonly isEmpty: boolean
  /** Whether the shard held newer records at that moment. */
  readonly hasMore: boolean
}

export interface FailedBatchInfo {
  /** Below `aws/lambda/local/` in the bucket. */
  readonly folder: string
  readonly info: Pick<FailedObject, 'KinesisBatchInfo'>
}

const IDLE_MS_MIN = 5

/**
 * Polls the shards side by side. The poller keeps to the mapping except for the batching window: it
 * delivers a batch as soon as the shard has no more records.
 */
export function startPoller<R>(
  stream: PolledStream<R>,
  mapping: MappingSpec,
  invoked: FunctionProcess,
  s3: S3Client,
): Poller {
  let isStopped = false
  let delivered = 0
  let discarded = 0
  /** How many reads of each shard found it at its end. */
  const emptyReads = new Map<string, number>()

  const pollShard = async (shardId: string): Promise<void> => {
    const invoker = toInvoker(shardId, stream, mapping, invoked, s3)
    const shard = await stream.openShard(shardId)
    let waiting: readonly R[] = []
    let idleMs = IDLE_MS_MIN
    while (!isStopped) {
      const page = await shard.read()
      if (page === null) return
      waiting = [...waiting, ...page.records]
      while (!isStopped && waiting.length >= (page.hasMore ? mapping.batchSize : 1)) {
        const batch = stream.nextBatch(waiting)
        waiting = waiting.slice(batch.length)
        const outcome = await deliver(batch, mapping, invoker)
        delivered += outcome.succeeded
        discarded += outcome.failed.length
      }
      idleMs = page.isEmpty ? Math.min(2 * idleMs, stream.idleMsMax) : IDLE_MS_MIN
      if (!page.isEmpty) continue
      if (!page.hasMore) emptyReads.set(shardId, (emptyReads.get(shardId) ?? 0) + 1)
      await wait(idleMs)
    }
  }

  const listed = stream.listShards().then((shardIds) => {
    for (const shardId of shardIds) emptyReads.set(shardId, 0)
    return shardIds
  })
  const ended = listed.then((shardIds) => Promise.all(shardIds.map(pollShard))).then(() => {})
  ended.catch(() => {})
  const failWhenEnded = (): never => {
    throw new Error(`the poller of ${stream.title} ended before it had delivered everything`)
  }
  return {
    counts: () => ({ delivered, discarded }),
    ended,
    caughtUp: async () => {
      await listed
      const before = new Map(emptyReads)
      // A read that is under way may have begun before the call, so only the next one counts.
      const isDone = (): boolean => [...emptyReads].every(([shard, reads]) => reads >= (before.get(shard) ?? 0) + 2)
      while (!isDone()) await Promise.race([wait(IDLE_MS_MIN), ended.then(failWhenEnded)])
    },
    stop: async () => {
      isStopped = true
      await ended.catch(() => {})
    },
  }
}

function toInvoker<R>(
  shardId: string,
  stream: PolledStream<R>,
  mapping: MappingSpec,
  invoked: FunctionProcess,
  s3: S3Client,
): Invoker<R> {
  return {
    invoke: (records) => invoked.invoke({ Records: records }),
    sequenceNumber: stream.sequenceNumber,
    discard: async (records, cause) => {
      const [first] = records
      if (mapping.failureBucket === null || first === undefined) return
      const { folder, info } = stream.failedBatch(shardId, records)
      const body: FailedObject = {
        requestContext: { condition: 'RetryAttemptsExhausted', cause },
        version: '1.0',
        ...info,
        payload: JSON.stringify({ Records: records }),
      }
      const key = `aws/lambda/local/${folder}/${stream.sequenceNumber(first)}.json`
      await s3.send(new PutObjectCommand({ Bucket: mapping.failureBucket, Key: key, Body: JSON.stringify(body) }))
    },
  }
}
