// A producer: lines of a log in, records in a stream out, with what Kinesis refused for the moment sent again.

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
   * In the lines: one may be an array of them, and a document of another format be none or two. A line that is no event,
   * or too large, counts as one.
   */
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
    if (batch.length > 0) await putRecords(batch, stream, kinesis, PATIENCE)
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
    if (batch.length === REQUEST_RECORDS_MAX || bytes + size > REQUEST_BYTES_MAX) await flush(linesBefore)
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

/** The user keeps a user's events in order; of a line that names none, or several, anything. */
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
    // Not JSON: ingest will say so.
    return null
  }
}
