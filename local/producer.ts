// A producer: lines of a log in, records in a stream out, with what Kinesis refused for the moment sent again.

import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { recordEvents } from '../functions/aws/record-events.ts'

/** Kinesis' limits: records and bytes in a request, bytes in a record with its key. */
const REQUEST_RECORDS_MAX = 500
const REQUEST_BYTES_MAX = 5 * 1024 * 1024
const RECORD_BYTES_MAX = 1024 * 1024
const PARTITION_KEY_LENGTH_MAX = 256
const TRIES_MAX = 12
const FIRST_WAIT_MS = 50

export interface Produced {
  readonly lines: number
  /** In the lines: one may be an array of them. A line that is no event, or too large, counts as one. */
  readonly events: number
  /** Those of them that are in the stream. */
  readonly sent: number
  /** Lines over what a record may hold. */
  readonly tooLarge: readonly Buffer[]
}

/**
 * @param onSent told after every request how many lines are in the stream now.
 * @param skip so many lines at the beginning are in the stream already.
 */
export async function produce(
  lines: AsyncIterable<Buffer>,
  stream: string,
  kinesis: KinesisClient,
  onSent: (lines: number) => void,
  skip = 0,
): Promise<Produced> {
  const tooLarge: Buffer[] = []
  let batch: PutRecordsRequestEntry[] = []
  let bytes = 0
  let count = 0
  let events = 0
  let sent = 0
  const flush = async (linesBefore: number): Promise<void> => {
    if (batch.length > 0) await putAll(batch, stream, kinesis)
    batch = []
    bytes = 0
    onSent(linesBefore)
  }
  for await (const line of lines) {
    const linesBefore = count
    count++
    const entry = { Data: line, PartitionKey: partitionKey(line) }
    const size = line.length + Buffer.byteLength(entry.PartitionKey)
    if (size > RECORD_BYTES_MAX) {
      tooLarge.push(line)
      events++
      continue
    }
    events += recordEvents(line).events.length
    sent++
    if (count <= skip) continue
    if (batch.length === REQUEST_RECORDS_MAX || bytes + size > REQUEST_BYTES_MAX) await flush(linesBefore)
    batch.push(entry)
    bytes += size
  }
  await flush(count)
  return { lines: count, events, sent, tooLarge }
}

/** A request can fail for some of its records: only those are sent again, before anything later. */
async function putAll(entries: PutRecordsRequestEntry[], stream: string, kinesis: KinesisClient): Promise<void> {
  let remaining = entries
  for (let tries = 0; remaining.length > 0; tries++) {
    if (tries === TRIES_MAX) throw new Error(`stream ${stream} refused ${remaining.length} records ${tries} times`)
    if (tries > 0) await wait(Math.min(FIRST_WAIT_MS * 2 ** tries, 5000))
    const { Records: outcomes } = await kinesis.send(new PutRecordsCommand({ StreamName: stream, Records: remaining }))
    remaining = remaining.filter((_, index) => outcomes?.[index]?.ErrorCode !== undefined)
  }
}

/** The user keeps a user's events in order; of a line that names none, anything. */
function partitionKey(line: Buffer): string {
  try {
    const { user } = JSON.parse(line.toString('utf8')) as { user?: unknown }
    const key = typeof user === 'number' ? String(user) : user
    if (typeof key === 'string' && key.length > 0 && key.length <= PARTITION_KEY_LENGTH_MAX) return key
    if (typeof key === 'string' && key.length > 0) return createHash('sha256').update(key).digest('hex')
  } catch {
    // Not JSON: ingest will say so.
  }
  return createHash('sha256').update(line).digest('hex')
}
