// Dead letters as a person reads them: a bucket in; of each refused record or event the reason and its text out.

import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { readFailedBatch } from '../../functions/aws/dead-letters/failed-batch.ts'
import { decodeRejectedLine, rejectedLines } from '../../functions/aws/dead-letters/rejected-line.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { FAILED_PREFIX, REJECTED_PREFIX } from '../../functions/contract.ts'
import { REJECT_REASONS } from '../../functions/domain/events/rejection.ts'
import { isoTime } from '../../functions/domain/events/time.ts'

export interface ShownDeadLetter {
  /** The object that holds it. */
  readonly key: string
  /** As ingest gave it; `given-up` for a batch that Lambda gave up, `unreadable` for what is no dead letter. */
  readonly reason: string
  readonly detail: string
  readonly arrival: string | null
  readonly shard: string | null
  readonly sequence: string | null
  readonly subSequence: number | null
  /** What was sent: of a packed record each event on a line; null where it is no text. */
  readonly text: string | null
}

export interface DeadLetterFilter {
  readonly prefixes: readonly string[]
  readonly reason: string | null
  /** Of arrival, UTC. */
  readonly day: string | null
}

export const GIVEN_UP = 'given-up'

export const LETTER_REASONS = [...REJECT_REASONS, GIVEN_UP, 'unreadable'] as const

/** @param day narrows the objects that are listed, too. */
export function prefixesOf(prefix: string | undefined, day: string | undefined): string[] {
  if (prefix !== undefined) return [prefix]
  return [day === undefined ? REJECTED_PREFIX : `${REJECTED_PREFIX}${day}/`, FAILED_PREFIX]
}

/** One object after the other, in the order of their keys. */
export async function* storedDeadLetters(
  s3: S3Client,
  bucket: string,
  filter: DeadLetterFilter,
): AsyncGenerator<ShownDeadLetter> {
  for (const prefix of filter.prefixes) {
    for await (const { Contents: objects } of paginateListObjectsV2(
      { client: s3 },
      { Bucket: bucket, Prefix: prefix },
    )) {
      for (const { Key: key = '' } of objects ?? []) {
        const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        for (const letter of toDeadLetters(key, (await body?.transformToString('utf8')) ?? '')) {
          if (isOfDay(letter.arrival, filter.day) && (filter.reason === null || letter.reason === filter.reason))
            yield letter
        }
      }
    }
  }
}

/** Changes of closed sessions have no arrival, and are of any day. */
export function isOfDay(arrival: string | null, day: string | null): boolean {
  return day === null || arrival === null || arrival.startsWith(day)
}

export function toDeadLetters(key: string, text: string): ShownDeadLetter[] {
  try {
    return key.startsWith(REJECTED_PREFIX)
      ? rejectedLines(text).map((line) => rejectedDeadLetter(key, line))
      : givenUpDeadLetters(key, text)
  } catch {
    return [{ ...NOTHING, key, reason: 'unreadable', detail: 'not a dead letter' }]
  }
}

const NOTHING = { arrival: null, shard: null, sequence: null, subSequence: null, text: null } as const

function rejectedDeadLetter(key: string, line: string): ShownDeadLetter {
  const { reason, detail, shardId, sequenceNumber, subSequence, arrivalMs, data } = decodeRejectedLine(line)
  const arrival = isoTime(arrivalMs)
  return { key, reason, detail, arrival, shard: shardId, sequence: sequenceNumber, subSequence, text: textOf(data) }
}

function givenUpDeadLetters(key: string, text: string): ShownDeadLetter[] {
  const batch = readFailedBatch(text)
  if (batch === null) throw new Error(`${key} holds no batch`)
  const { records, cause, shardId: shard } = batch
  const why = cause ?? 'a batch that failed again and again'
  const isOfStream = records.some(({ kinesis }) => kinesis !== undefined)
  if (!isOfStream) {
    return [{ ...NOTHING, key, reason: GIVEN_UP, detail: `${why}: ${records.length} changes of closed sessions` }]
  }
  return records.flatMap(({ kinesis }) => {
    if (kinesis === undefined) return []
    const arrival = new Date(kinesis.approximateArrivalTimestamp * 1000).toISOString()
    const { sequenceNumber: sequence, data } = kinesis
    return [{ key, reason: GIVEN_UP, detail: why, arrival, shard, sequence, subSequence: null, text: textOf(data) }]
  })
}

function textOf(data: string): string | null {
  try {
    const utf8 = new TextDecoder('utf-8', { fatal: true })
    const { events } = recordEvents(Buffer.from(data, 'base64'))
    return events.map((event) => utf8.decode(Buffer.from(event.data(), 'base64'))).join('\n')
  } catch {
    return null
  }
}
