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
      return {
        ShardIterator: `${ShardId} ${after === undefined ? positionFrom(shard, from) : positionAfter(shard, after)}`,
      }
    }
    if (command instanceof GetRecordsCommand) return getRecords(stream, String(command.input.ShardIterator), world)
    throw new Error('the simulation does not answer this command')
  }
  const send = (command: unknown) => invocation.call('reads the stream', null, () => answer(command))
  return { send } as unknown as KinesisClient
}

function getRecords(stream: Stream, iterator: string, world: World) {
  const [id, position] = iterator.split(' ') as [string, string]
  const shard = shardOf(stream, id)
  const record = shard.records[Number(position)]
  if (record === undefined) {
    return { Records: [], MillisBehindLatest: 0, NextShardIterator: shard.isClosed ? undefined : iterator }
  }
  if (world.faults.strikes('emptyPage')) return { Records: [], MillisBehindLatest: 1000, NextShardIterator: iterator }
  return {
    Records: [{ SequenceNumber: record.sequenceNumber, ApproximateArrivalTimestamp: new Date(record.arrivalMs) }],
    MillisBehindLatest: 0,
    NextShardIterator: `${id} ${Number(position) + 1}`,
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
