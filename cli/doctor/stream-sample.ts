// Reads a sample of the stream's latest events, as ingest reads them.

import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import type { EmptyShards } from '../../functions/aws/stream/shard-progress.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { sentEvents } from '../../functions/domain/events/formats/sent-events.ts'

const SHARDS_MAX = 4
/** Records of one page. */
const RECORDS_MAX = 500
/** Kinesis may answer with empty pages before it finds a record. */
const PAGES_MAX = 4
/** One record may hold 10,000 events. */
const EVENTS_MAX = 5000
/** With fewer events than this, the sample begins earlier. */
const EVENTS_ENOUGH = 200

/** How long before the last applied record of a shard the sample begins. */
const STARTS_MS = [MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, DAY_MS] as const

/**
 * Returns up to 5,000 events of four shards, with at most 85 requests. Leaves out documents that
 * are no events of ours, and shards without a record since yesterday. It begins before a record
 * that is there, because Kinesalite never answers a request for records after the last one.
 */
export async function sampleStream(
  client: KinesisClient,
  stream: string,
  { loadProgress }: Pick<EmptyShards, 'loadProgress'>,
  nowMs: number,
): Promise<unknown[]> {
  const { Shards: shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }))
  const applied: { readonly shardId: string; readonly arrivalMs: number }[] = []
  // The latest shards come last: a reshard closes those before them.
  for (const { ShardId: shardId = '' } of shards.slice(-SHARDS_MAX)) {
    const progress = await loadProgress(shardId)
    if (progress !== null && progress.arrivalMs >= nowMs - DAY_MS) applied.push({ shardId, ...progress })
  }
  let events: unknown[] = []
  for (const beforeMs of STARTS_MS) {
    events = []
    for (const { shardId, arrivalMs } of applied) {
      for await (const data of recordsOf(client, stream, shardId, arrivalMs - beforeMs)) {
        if (events.length >= EVENTS_MAX) break
        events.push(...eventsOf(data))
      }
    }
    if (events.length >= EVENTS_ENOUGH) break
  }
  return events
}

async function* recordsOf(client: KinesisClient, stream: string, shardId: string, fromMs: number) {
  const start = { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(fromMs) } as const
  const opened = await client.send(new GetShardIteratorCommand({ StreamName: stream, ShardId: shardId, ...start }))
  let next = opened.ShardIterator
  for (let pages = 0; pages < PAGES_MAX && next !== undefined; pages++) {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(client, next)
    for (const { Data: data } of page.Records ?? []) if (data !== undefined) yield data
    if ((page.Records?.length ?? 0) > 0 || page.MillisBehindLatest === 0) return
    next = page.NextShardIterator
  }
}

function readPage(client: KinesisClient, iterator: string) {
  return client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: RECORDS_MAX }))
}

function eventsOf(data: Uint8Array): unknown[] {
  const { events } = unpackRecord({ data: Buffer.from(data).toString('base64'), subSequence: null })
  return events.flatMap(({ read }) => {
    const parsed = read()
    const sent = parsed.ok ? sentEvents(parsed.value) : parsed
    return sent.ok ? sent.events : []
  })
}
