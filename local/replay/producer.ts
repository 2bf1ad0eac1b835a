// Stands for a producer: sends the lines of a log as records, to the stream or elsewhere.

import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { KinesisClient, PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { sentEvents } from '../../functions/domain/events/formats/sent-events.ts'
import { namedUsers } from '../../functions/domain/events/named-users.ts'
import {
  PARTITION_KEY_LENGTH_MAX,
  putRecords,
  RECORD_BYTES_MAX,
  REQUEST_BYTES_MAX,
  REQUEST_RECORDS_MAX,
} from '../../producer/put-records.ts'

const PATIENCE = { triesMax: 12, wait, random: Math.random }

export interface Produced {
  readonly lines: number
  /**
   * The events in the lines. A line may be an array of events, and a document of another format
   * holds up to two. A line that is no event, or is too large, counts as one.
   */
  readonly events: number
  /** The lines that are in the stream, each as one record. */
  readonly sent: number
  /** The lines over the size of a record. */
  readonly tooLarge: readonly Buffer[]
}

/**
 * @param onSent called after every request with the number of lines that are in the stream now.
 * @param skip the number of lines at the beginning that are in the stream already.
 * @param requestRecordsMax fewer records make `onSent` report earlier.
 */
export function produce(
  lines: AsyncIterable<Buffer>,
  stream: string,
  kinesis: KinesisClient,
  onSent: (lines: number) => void,
  skip = 0,
  requestRecordsMax = REQUEST_RECORDS_MAX,
): Promise<Produced> {
  const send = (records: readonly PutRecordsRequestEntry[]): Promise<void> =>
    putRecords(records, stream, kinesis, PATIENCE)
  return sendLines(lines, send, onSent, skip, requestRecordsMax)
}

/**
 * Does the same as `produce`, but sends to anything that takes records.
 *
 * @param send gets records within the limits of one request.
 */
export async function sendLines(
  lines: AsyncIterable<Buffer>,
  send: (records: readonly PutRecordsRequestEntry[]) => Promise<void>,
  onSent: (lines: number) => void,
  skip = 0,
  requestRecordsMax = REQUEST_RECORDS_MAX,
): Promise<Produced> {
  const tooLarge: Buffer[] = []
  let batch: PutRecordsRequestEntry[] = []
  let bytes = 0
  let count = 0
  let events = 0
  let sent = 0
  const flush = async (linesBefore: number): Promise<void> => {
    if (batch.length > 0) await send(batch)
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
    events += countEvents(line)
    sent++
    if (count <= skip) continue
    if (batch.length === requestRecordsMax || bytes + size > REQUEST_BYTES_MAX) await flush(linesBefore)
    batch.push(entry)
    bytes += size
  }
  await flush(count)
  return { lines: count, events, sent, tooLarge }
}

function countEvents(line: Buffer): number {
  return recordEvents(line).events.reduce((count, { read }) => {
    const parsed = read()
    const sent = parsed.ok ? sentEvents(parsed.value) : parsed
    return count + (sent.ok ? sent.events.length : 1)
  }, 0)
}

/** The user is the key, so that a shard has a user's events in order. Other lines get a digest. */
function partitionKey(line: Buffer): string {
  const user = userOf(line)
  if (user !== null && user.length <= PARTITION_KEY_LENGTH_MAX) return user
  return createHash('sha256')
    .update(user ?? line)
    .digest('hex')
}

function userOf(line: Buffer): string | null {
  const text = line.toString('utf8')
  try {
    const { user } = JSON.parse(text) as { user?: unknown }
    if (typeof user === 'string' && user !== '') return user
    return text.startsWith('[') ? null : (namedUsers(text, 1)[0] ?? null)
  } catch {
    // Ingest rejects a line that is not JSON.
    return null
  }
}
