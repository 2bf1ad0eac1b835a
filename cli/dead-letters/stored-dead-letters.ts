// Reads dead letters from the bucket: for each record or event, the reason and what was sent.

import type { S3Client } from '@aws-sdk/client-s3'
import { readFailedBatch } from '../../functions/aws/dead-letters/failed-batch.ts'
import { decodeRejectedLine, REJECTED_REASONS, rejectedLines } from '../../functions/aws/dead-letters/rejected-line.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { FAILED_PREFIX, REJECTED_PREFIX } from '../../functions/contract.ts'
import { isoTime } from '../../functions/domain/events/time.ts'
import { objectKeys, objectText } from './bucket-objects.ts'

export interface ShownDeadLetter {
  /** The key of the object in the bucket. */
  readonly key: string
  /**
   * The reason that ingest gave, `given-up` for a record of a batch that Lambda gave up, or
   * `unreadable` for an object that holds no dead letter.
   */
  readonly reason: string
  readonly detail: string
  /** ISO 8601, UTC. */
  readonly arrival: string | null
  readonly shard: string | null
  readonly sequence: string | null
  readonly subSequence: number | null
  /** The text that was sent, one event a line; null if it is not UTF-8. */
  readonly text: string | null
}

export interface DeadLetterFilter {
  readonly prefixes: readonly string[]
  /** Null for any reason. */
  readonly reason: string | null
  /** The day of arrival (UTC), such as `2026-11-21`; null for any day. */
  readonly day: string | null
}

const GIVEN_UP = 'given-up'

export const DEAD_LETTER_REASONS = [...REJECTED_REASONS, GIVEN_UP, 'unreadable'] as const

/** Returns the key prefixes to list; rejected events of one day have a prefix of their own. */
export function prefixesOf(prefix: string | undefined, day: string | undefined): string[] {
  if (prefix !== undefined) return [prefix]
  return [day === undefined ? REJECTED_PREFIX : `${REJECTED_PREFIX}${day}/`, FAILED_PREFIX]
}

/** Yields the dead letters that pass the filter, in the order of their keys. */
export async function* storedDeadLetters(
  s3: S3Client,
  bucket: string,
  filter: DeadLetterFilter,
): AsyncGenerator<ShownDeadLetter> {
  for await (const key of objectKeys(s3, bucket, filter.prefixes)) {
    for (const deadLetter of toDeadLetters(key, await objectText(s3, bucket, key))) {
      const isAsked = filter.reason === null || deadLetter.reason === filter.reason
      if (isAsked && isOfDay(deadLetter.arrival, filter.day)) yield deadLetter
    }
  }
}

/** Returns true for a record without an arrival too, such as a change of a closed session. */
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
  const why = cause ?? 'every try of the batch failed'
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
