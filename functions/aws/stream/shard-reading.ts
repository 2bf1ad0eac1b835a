// Reads one shard after the last record that ingest has applied, page by page, until it is clear
// what follows.

import {
  ExpiredIteratorException,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type KinesisClient,
  ProvisionedThroughputExceededException,
  type _Record as StreamRecord,
} from '@aws-sdk/client-kinesis'
import type { Progress } from './shard-progress.ts'

/**
 * Arrival times are approximate: a record may have an earlier one than the record before it, by up
 * to this much. So the horizon stays this far behind what was read.
 */
export const ARRIVAL_SPREAD_MS = 5000

/** How far a sweep has read one shard. */
export interface ShardReading {
  readonly shardId: string
  readonly progress: Progress | null
  /** Where the next page begins. Null when this sweep reads no further page. */
  readonly next: string | null
  /** No unapplied record arrived before this time. Infinity for a closed shard read to its end. */
  readonly boundMs: number
  /** The pages show no unapplied record before this arrival time. 0 while they show nothing. */
  readonly emptyUntilMs: number
  readonly pages: number
}

/**
 * Opens the shard where a sweep begins to read it, which is after the last applied record. The
 * sweep begins later where an earlier one found nothing, or Lambda gives up what is older.
 *
 * @param givenUpMs records that arrived before this time are applied or are dead letters.
 */
export async function openShard(
  client: KinesisClient,
  stream: string,
  shardId: string,
  progress: Progress | null,
  givenUpMs: number,
): Promise<ShardReading> {
  const fromMs = Math.max(givenUpMs, progress?.emptyUntilMs ?? 0)
  const start =
    progress === null || progress.arrivalMs < fromMs
      ? { ShardIteratorType: 'AT_TIMESTAMP' as const, Timestamp: new Date(fromMs) }
      : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, StartingSequenceNumber: progress.sequenceNumber }
  const opened = await client.send(new GetShardIteratorCommand({ StreamName: stream, ShardId: shardId, ...start }))
  const boundMs = Math.max((progress?.arrivalMs ?? 0) - ARRIVAL_SPREAD_MS, fromMs)
  const reading = { shardId, progress, next: opened.ShardIterator ?? null, boundMs, emptyUntilMs: 0, pages: 0 }
  return reading.next === null ? readToEnd(reading) : reading
}

/**
 * Reads the next page. An empty page is no proof that nothing follows, because Kinesis reads only a
 * few minutes of a quiet shard at once. It reports how far before the present it stopped.
 *
 * @param nowMs a moment before the read. An earlier moment gives an earlier bound, which is safe.
 */
export async function readPage(client: KinesisClient, reading: ShardReading, nowMs: number): Promise<ShardReading> {
  const page = await getRecords(client, reading)
  if (page === null) return { ...reading, next: null }
  const pages = reading.pages + 1
  const record = page.Records?.find((one) => !isApplied(one, reading.progress))
  if (record !== undefined) {
    // The records after this one are not read, and one of them may have an earlier arrival time.
    const boundMs = Math.max(0, (record.ApproximateArrivalTimestamp?.getTime() ?? 0) - ARRIVAL_SPREAD_MS)
    return { ...reading, pages, next: null, boundMs, emptyUntilMs: Math.min(reading.emptyUntilMs, boundMs) }
  }
  if (page.NextShardIterator === undefined) return readToEnd({ ...reading, pages })
  const behindMs = page.MillisBehindLatest ?? Number.POSITIVE_INFINITY
  const emptyUntilMs = Math.max(reading.emptyUntilMs, nowMs - behindMs - ARRIVAL_SPREAD_MS)
  const boundMs = Math.max(reading.boundMs, emptyUntilMs)
  return { ...reading, pages, boundMs, emptyUntilMs, next: behindMs === 0 ? null : page.NextShardIterator }
}

/** No record can follow in a closed shard. */
function readToEnd(reading: ShardReading): ShardReading {
  return { ...reading, next: null, boundMs: Number.POSITIVE_INFINITY }
}

/** A reading that begins at a time may find records whose arrival times are out of order. */
function isApplied({ SequenceNumber: sequenceNumber = '' }: StreamRecord, progress: Progress | null): boolean {
  return progress !== null && BigInt(sequenceNumber) <= BigInt(progress.sequenceNumber)
}

/**
 * Returns null when the shard cannot be read further now: the iterator has expired, or after the
 * first page, others use up the shard's five reads a second.
 */
async function getRecords(
  client: KinesisClient,
  { next, pages }: ShardReading,
): Promise<GetRecordsCommandOutput | null> {
  try {
    return await client.send(new GetRecordsCommand({ ShardIterator: next as string, Limit: 1 }))
  } catch (error) {
    if (error instanceof ExpiredIteratorException) return null
    if (error instanceof ProvisionedThroughputExceededException && pages > 0) return null
    throw error
  }
}
