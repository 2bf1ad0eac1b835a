// Determines the horizon: the arrival time up to which every record of every shard is applied.

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

/**
 * Arrival times are approximate, and records put at once may swap theirs. So the horizon stays this
 * far behind.
 */
const ARRIVAL_SPREAD_MS = 5000
/**
 * A shard may answer without records although there are more. After so many reads, it holds the
 * horizon back.
 */
const READS_MAX = 5
/** Ingest and the sweeper share the five reads a second that each shard allows. */
const SHARDS_AT_ONCE = 8
/** A page lists 1,000 shards. */
const SHARD_PAGES_MAX = 20

/** The rest of a shard, after the last record that ingest has applied. */
type Unapplied =
  | { readonly kind: 'nothing' }
  /** The shard is closed, so that no record can follow. */
  | { readonly kind: 'drained' }
  | { readonly kind: 'records'; readonly sinceMs: number }

/**
 * Reads each shard just after the last record that ingest has applied. When it stays
 * unclear what follows, the shard holds the horizon back: sessions may close late, and never early.
 *
 *     shard 0   applied ........|              nothing follows: now, less the spread
 *     shard 1   applied ....|  x  x            the first x, at 09:00:05
 *     shard 2   applied ..|                    closed by a split, and drained: no limit
 *                                              the horizon is 09:00:05
 *
 * @param givenUpAfterMs the age after which Lambda no longer delivers a record. Older records are
 * applied or are dead letters, so they never hold the horizon back.
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
          const unapplied = await readUnapplied(client, stream, shard, progress, nowMs - givenUpAfterMs)
          if (unapplied.kind === 'drained') return Number.POSITIVE_INFINITY
          return unapplied.kind === 'nothing' ? nowMs - ARRIVAL_SPREAD_MS : unapplied.sinceMs
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

async function readUnapplied(
  client: KinesisClient,
  stream: string,
  shard: Shard,
  progress: Progress | null,
  givenUpMs: number,
): Promise<Unapplied> {
  const start =
    progress === null || progress.arrivalMs < givenUpMs
      ? { ShardIteratorType: 'AT_TIMESTAMP' as const, Timestamp: new Date(givenUpMs) }
      : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, StartingSequenceNumber: progress.sequenceNumber }
  const unknown: Unapplied = { kind: 'records', sinceMs: Math.max(progress?.arrivalMs ?? 0, givenUpMs) }
  const opened = await client.send(
    new GetShardIteratorCommand({ StreamName: stream, ShardId: shard.ShardId, ...start }),
  )
  let iterator = opened.ShardIterator
  for (let read = 0; read < READS_MAX && iterator !== undefined; read++) {
    const page = await getRecords(client, iterator)
    if (page === null) return unknown
    const record = page.Records?.[0]
    if (record !== undefined) return { kind: 'records', sinceMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0 }
    if (page.NextShardIterator === undefined) return { kind: 'drained' }
    if (page.MillisBehindLatest === 0) return { kind: 'nothing' }
    iterator = page.NextShardIterator
  }
  return iterator === undefined ? { kind: 'drained' } : unknown
}

/** Returns null when the iterator has expired. */
async function getRecords(client: KinesisClient, iterator: string) {
  try {
    return await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1 }))
  } catch (error) {
    if (error instanceof ExpiredIteratorException) return null
    throw error
  }
}
