// Answers as Kinesis may on quiet shards: a page covers only some minutes of a shard, and reports
// how far before the present it stopped.

import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import type { EmptyShards, Progress } from '../../../functions/aws/stream/shard-progress.ts'

export interface QuietRecord {
  readonly sequenceNumber: string
  /** When Kinesis stored it. A shard holds its records in this order. */
  readonly putMs: number
  readonly arrivalMs: number
}

/** The records of each shard, by the shard's id. */
export type QuietShards = Readonly<Record<string, QuietRecord[]>>

export interface Read {
  readonly shardId: string
  readonly atMs: number
}

export interface Clock {
  nowMs: number
}

const ANSWER_MS = 10

/** @param advanceMs returns how much of a shard the next page covers: all of it at infinity. */
export function quietKinesis(shards: QuietShards, clock: Clock, advanceMs: () => number) {
  const reads: Read[] = []
  const recordsOf = (shardId: string): QuietRecord[] => shards[shardId] ?? []
  const getRecords = (iterator: string) => {
    const [shardId = '', index, position] = iterator.split(' ')
    clock.nowMs += ANSWER_MS
    reads.push({ shardId, atMs: clock.nowMs })
    const endMs = Number(position) + advanceMs()
    const record = recordsOf(shardId)[Number(index)]
    if (record !== undefined && record.putMs < endMs) {
      return {
        Records: [{ SequenceNumber: record.sequenceNumber, ApproximateArrivalTimestamp: new Date(record.arrivalMs) }],
        MillisBehindLatest: clock.nowMs - record.putMs,
        NextShardIterator: `${shardId} ${Number(index) + 1} ${record.putMs}`,
      }
    }
    const reachedMs = Math.min(endMs, clock.nowMs)
    return {
      Records: [],
      MillisBehindLatest: clock.nowMs - reachedMs,
      NextShardIterator: `${shardId} ${index} ${reachedMs}`,
    }
  }
  const answer = (command: unknown) => {
    if (command instanceof ListShardsCommand) return { Shards: Object.keys(shards).map((ShardId) => ({ ShardId })) }
    if (command instanceof GetShardIteratorCommand) {
      const { ShardId = '', StartingSequenceNumber: after, Timestamp: from } = command.input
      const records = recordsOf(ShardId)
      if (after === undefined) {
        const fromMs = from?.getTime() ?? 0
        const first = records.findIndex(({ arrivalMs }) => arrivalMs >= fromMs)
        return { ShardIterator: `${ShardId} ${first < 0 ? records.length : first} ${fromMs}` }
      }
      const last = records.findLastIndex(({ sequenceNumber }) => BigInt(sequenceNumber) <= BigInt(after))
      return { ShardIterator: `${ShardId} ${last + 1} ${records[last]?.putMs ?? 0}` }
    }
    if (command instanceof GetRecordsCommand) return getRecords(String(command.input.ShardIterator))
    throw new Error('no such command')
  }
  return { client: { send: async (command: unknown) => answer(command) } as unknown as KinesisClient, reads }
}

/** Stores progress in memory, under the conditions of `dynamoEmptyShards`. */
export function memoryEmptyShards() {
  const stored = new Map<string, Progress>()
  const shards: EmptyShards = {
    loadProgress: async (shardId) => stored.get(shardId) ?? null,
    recordEmpty: async (shardId, progress, emptyUntilMs) => {
      const before = stored.get(shardId)
      if (before?.sequenceNumber !== progress?.sequenceNumber || (before?.emptyUntilMs ?? 0) >= emptyUntilMs) return
      stored.set(shardId, { sequenceNumber: '0', arrivalMs: 0, ...before, emptyUntilMs })
    },
  }
  /** Records progress as ingest does. */
  const apply = (shardId: string, { sequenceNumber, arrivalMs }: QuietRecord): void => {
    stored.set(shardId, { sequenceNumber, arrivalMs, emptyUntilMs: null })
  }
  return { ...shards, apply, stored }
}

/** Returns the most reads of one shard within any second. */
export function readsASecond(reads: readonly Read[]): number {
  const within = ({ shardId, atMs }: Read): number =>
    reads.filter((other) => other.shardId === shardId && other.atMs >= atMs && other.atMs < atMs + 1000).length
  return Math.max(0, ...reads.map(within))
}
