// Horizon on Kinesis: what was applied of each shard in, the arrival time up to which nothing is left unread out.

import {
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type ListShardsCommandOutput,
  type Shard,
} from '@aws-sdk/client-kinesis'
import pMap from 'p-map'
import type { Horizon } from '../../ports.ts'
import type { Progress } from './shard-progress.ts'

/** Arrival stamps are approximate and records put at once may swap places: trust nothing younger. */
const ARRIVAL_SPREAD_MS = 5000
/** A shard may answer with nothing while there is more; so many looks, then it holds the horizon back until the next sweep. */
const LOOKS_MAX = 5
/** A stream's shards share five reads a second each with ingest: look at few at a time. */
const SHARDS_AT_ONCE = 8
/** Of 1,000 shards each. */
const SHARD_PAGES_MAX = 20

/** What lies beyond the applied part of a shard. */
type Beyond =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'drained' }
  | { readonly kind: 'unread'; readonly sinceMs: number }

/**
 * Looks into each shard just beyond its last applied record. Missing knowledge holds the horizon back, so that sessions
 * close late and never early.
 *
 * @param givenUpAfterMs what is older will not be delivered to ingest any more: applied or a dead letter, it is read.
 */
export function kinesisHorizon(
  client: KinesisClient,
  stream: string,
  loadProgress: (shardId: string) => Promise<Progress | null>,
  givenUpAfterMs: number,
): Horizon {
  return {
    readUpTo: async (nowMs) => {
      const shards = await listShards(client, stream)
      const limits = await pMap(
        shards,
        async (shard) => {
          const progress = await loadProgress(shard.ShardId as string)
          const beyond = await lookBeyond(client, stream, shard, progress, nowMs - givenUpAfterMs)
          if (beyond.kind === 'drained') return Number.POSITIVE_INFINITY
          return beyond.kind === 'nothing' ? nowMs - ARRIVAL_SPREAD_MS : beyond.sinceMs
        },
        { concurrency: SHARDS_AT_ONCE },
      )
      return Math.min(nowMs - ARRIVAL_SPREAD_MS, ...limits)
    },
  }
}

async function listShards(client: KinesisClient, stream: string): Promise<Shard[]> {
  const shards: Shard[] = []
  let next: { StreamName: string } | { NextToken: string } = { StreamName: stream }
  for (let page = 0; page < SHARD_PAGES_MAX; page++) {
    const listed: ListShardsCommandOutput = await client.send(new ListShardsCommand(next))
    shards.push(...(listed.Shards ?? []))
    if (listed.NextToken === undefined) return shards
    next = { NextToken: listed.NextToken }
  }
  throw new Error(`stream ${stream} has more than ${SHARD_PAGES_MAX} pages of shards`)
}

async function lookBeyond(
  client: KinesisClient,
  stream: string,
  shard: Shard,
  progress: Progress | null,
  givenUpMs: number,
): Promise<Beyond> {
  const start =
    progress === null || progress.arrivalMs < givenUpMs
      ? { ShardIteratorType: 'AT_TIMESTAMP' as const, Timestamp: new Date(givenUpMs) }
      : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, StartingSequenceNumber: progress.sequenceNumber }
  const held: Beyond = { kind: 'unread', sinceMs: Math.max(progress?.arrivalMs ?? 0, givenUpMs) }
  const opened = await client.send(
    new GetShardIteratorCommand({ StreamName: stream, ShardId: shard.ShardId, ...start }),
  )
  let iterator = opened.ShardIterator
  for (let look = 0; look < LOOKS_MAX && iterator !== undefined; look++) {
    const page = await getRecords(client, iterator)
    if (page === null) return held
    const record = page.Records?.[0]
    if (record !== undefined) return { kind: 'unread', sinceMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0 }
    if (page.NextShardIterator === undefined) return { kind: 'drained' }
    if (page.MillisBehindLatest === 0) return { kind: 'nothing' }
    iterator = page.NextShardIterator
  }
  return iterator === undefined ? { kind: 'drained' } : held
}

async function getRecords(client: KinesisClient, iterator: string) {
  try {
    return await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1 }))
  } catch (error) {
    if (error instanceof ExpiredIteratorException) return null
    throw error
  }
}
