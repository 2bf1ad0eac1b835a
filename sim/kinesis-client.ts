// Answers the Kinesis requests of the real horizon from the simulated stream.

import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import type { ArrivedRecord } from '../functions/ports.ts'
import type { Shard, Stream } from './stream.ts'
import type { Invocation, World } from './world.ts'

/** Answers `ListShards`, `GetShardIterator` and `GetRecords`, and throws for any other request. */
export function simulatedKinesis(stream: Stream, invocation: Invocation, world: World): KinesisClient {
  const answer = async (command: unknown): Promise<unknown> => {
    if (command instanceof ListShardsCommand) {
      return { Shards: stream.shards.map(({ id, parents }) => ({ ShardId: id, ParentShardId: parents[0] })) }
    }
    if (command instanceof GetShardIteratorCommand) {
      const { ShardId, StartingSequenceNumber: after, Timestamp: from } = command.input
      const shard = shardOf(stream, ShardId)
      if (after === undefined)
        return { ShardIterator: `${ShardId} ${positionFrom(shard, from)} ${from?.getTime() ?? 0}` }
      const position = positionAfter(shard, after)
      return { ShardIterator: `${ShardId} ${position} ${shard.records[position - 1]?.arrivalMs ?? 0}` }
    }
    if (command instanceof GetRecordsCommand) return getRecords(stream, String(command.input.ShardIterator), world)
    throw new Error('the simulation does not answer this command')
  }
  const send = (command: unknown) => invocation.call('reads the stream', null, () => answer(command))
  return { send } as unknown as KinesisClient
}

/**
 * An iterator holds the shard, the index of its next record, and the time up to which earlier pages
 * have covered the shard.
 */
function getRecords(stream: Stream, iterator: string, world: World) {
  const [id, position, coveredMs] = iterator.split(' ') as [string, string, string]
  const shard = shardOf(stream, id)
  const record = shard.records[Number(position)]
  const nowMs = world.time.nowMs()
  const empty = (untilMs: number) => ({
    Records: [],
    MillisBehindLatest: Math.max(0, nowMs - untilMs),
    NextShardIterator: `${id} ${position} ${untilMs}`,
  })
  const endMs = Number(coveredMs) + world.pageMs()
  if ((record?.arrivalMs ?? nowMs) > endMs) {
    world.faults.struck('shortPage')
    return empty(endMs)
  }
  if (record === undefined) return { ...empty(nowMs), NextShardIterator: shard.isClosed ? undefined : iterator }
  if (world.faults.strikes('emptyPage')) return empty(Math.min(Number(coveredMs), record.arrivalMs - 1))
  return {
    Records: [{ SequenceNumber: record.sequenceNumber, ApproximateArrivalTimestamp: new Date(record.arrivalMs) }],
    MillisBehindLatest: nowMs - record.arrivalMs,
    NextShardIterator: `${id} ${Number(position) + 1} ${record.arrivalMs}`,
  }
}

function shardOf(stream: Stream, id: string | undefined): Shard<ArrivedRecord> {
  const shard = stream.shards.find((one) => one.id === id)
  if (shard === undefined) throw new Error(`there is no shard ${id}`)
  return shard
}

function positionFrom(shard: Shard<ArrivedRecord>, from: Date | undefined): number {
  const position = shard.records.findIndex(({ arrivalMs }) => arrivalMs >= (from?.getTime() ?? 0))
  return position < 0 ? shard.records.length : position
}

function positionAfter(shard: Shard<ArrivedRecord>, sequenceNumber: string): number {
  return shard.records.findLastIndex((record) => Number(record.sequenceNumber) <= Number(sequenceNumber)) + 1
}
