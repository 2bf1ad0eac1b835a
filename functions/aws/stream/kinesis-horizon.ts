// Determines the horizon: the arrival time up to which every record of every shard is applied.

import { setTimeout as wait } from 'node:timers/promises'
import {
  type KinesisClient,
  ListShardsCommand,
  type ListShardsCommandOutput,
  type Shard,
} from '@aws-sdk/client-kinesis'
import pMap from 'p-map'
import type { Horizon } from '../../ports.ts'
import type { EmptyShards } from './shard-progress.ts'
import { ARRIVAL_SPREAD_MS, openShard, readPage, type ShardReading } from './shard-reading.ts'

/**
 * A shard answers five reads a second. Lambda reads it once a second for ingest, and two sweeps run
 * at once if one begins late.
 */
export const READ_EVERY_MS = 500
/** A sweep reads pages for so long, and has the rest of its 55 seconds for closing sessions. */
export const READ_FOR_MS = 30_000
const SHARDS_AT_ONCE = 8
/** A page lists 1,000 shards. */
const SHARD_PAGES_MAX = 20

/** Paces the reads of a sweep. */
export interface Pace {
  /** Returns the time of day. */
  nowMs(): number
  wait(ms: number): Promise<unknown>
}

export const REAL_PACE: Pace = { nowMs: Date.now, wait }

export interface HorizonPorts extends EmptyShards, Pace {}

/**
 * Reads each shard just after the last record that ingest has applied. Until the sweep has read
 * what follows, the shard bounds the horizon: sessions may close late, and never early.
 *
 *     shard 0   applied ........|              nothing follows: now, less the spread
 *     shard 1   applied ....|  x  x            the first x, at 09:00:10, less the spread
 *     shard 2   applied ...|- - - ?            empty until 09:00:08, and not read further
 *     shard 3   applied ..|                    closed by a split, and read to its end: no bound
 *                                              the horizon is 09:00:05
 *
 * Where one page does not show what follows, the sweep stores how far the shard is empty, and the
 * next sweep begins there.
 *
 * @param givenUpAfterMs the age after which Lambda no longer delivers a record. Older records are
 * applied or are dead letters, so they never hold the horizon back.
 */
export function kinesisHorizon(
  client: KinesisClient,
  stream: string,
  ports: HorizonPorts,
  givenUpAfterMs: number,
): Horizon {
  return {
    readUpTo: async (nowMs) => {
      const endsMs = ports.nowMs() + READ_FOR_MS
      const givenUpMs = nowMs - givenUpAfterMs
      const open = async ({ ShardId: shardId = '' }: Shard): Promise<ShardReading> => {
        const progress = await ports.loadProgress(shardId)
        return readOn(await openShard(client, stream, shardId, progress, givenUpMs))
      }
      const readOn = async (reading: ShardReading): Promise<ShardReading> =>
        reading.next === null ? reading : readPage(client, reading, nowMs)
      let readings = await pMap(await listShards(client, stream), open, { concurrency: SHARDS_AT_ONCE })
      while (readings.some(({ next }) => next !== null) && ports.nowMs() < endsMs) {
        await ports.wait(READ_EVERY_MS)
        readings = await pMap(readings, readOn, { concurrency: SHARDS_AT_ONCE })
      }
      await pMap(readings, (reading) => recordEmpty(reading, ports), { concurrency: SHARDS_AT_ONCE })
      return Math.min(nowMs - ARRIVAL_SPREAD_MS, ...readings.map(({ boundMs }) => boundMs))
    },
  }
}

/** Writes nothing for a shard whose first page showed what follows. */
async function recordEmpty({ shardId, progress, emptyUntilMs, pages }: ShardReading, ports: HorizonPorts) {
  const knownMs = Math.max(progress?.arrivalMs ?? 0, progress?.emptyUntilMs ?? 0)
  if (pages > 1 && emptyUntilMs > knownMs) await ports.recordEmpty(shardId, progress, emptyUntilMs)
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
