// Stores dead letters in an S3 bucket, as objects of newline-delimited JSON.

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { REJECTED_PREFIX } from '../../contract.ts'
import { isoTime } from '../../domain/events/time.ts'
import { lastOf, type NonEmpty } from '../../domain/non-empty.ts'
import type { DeadLetter, DeadLetters, UnreadChanges } from '../../ports.ts'
import { boundedRequests } from '../runtime/bounded-requests.ts'
import { encodeRejectedLine, rejectedText } from './rejected-line.ts'
import { s3UnreadChanges } from './unread-changes.ts'

/** Small enough for S3 to take an object in one request, and for Lambda to hold it in memory. */
const OBJECT_CHARACTERS_MAX = 4 * 1024 * 1024
/** Includes the time to send an object. */
const ANSWER_MS_MAX = 5000

export function bucketDeadLetters(bucket: string, answerMs = ANSWER_MS_MAX): DeadLetters {
  return s3DeadLetters(new S3Client(boundedRequests(answerMs)), bucket)
}

export function bucketUnreadChanges(bucket: string): UnreadChanges {
  return s3UnreadChanges(new S3Client(boundedRequests(ANSWER_MS_MAX)), bucket)
}

export function s3DeadLetters(client: S3Client, bucket: string): DeadLetters {
  return {
    put: async (deadLetters) => {
      for (const group of splitIntoObjects(deadLetters)) {
        const body = rejectedText(group.map(encodeRejectedLine))
        const key = objectKey(group)
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/x-ndjson' }),
        )
      }
    },
  }
}

/**
 * `rejected/<day of arrival>/<shard>/<first>-<last>-<count>.ndjson`. A redelivered batch
 * gets the same keys, so it replaces its objects.
 */
function objectKey(deadLetters: NonEmpty<DeadLetter>): string {
  const [first] = deadLetters
  const last = lastOf(deadLetters)
  const name = `${nameOf(first)}-${nameOf(last)}-${deadLetters.length}.ndjson`
  return `${REJECTED_PREFIX}${isoTime(first.arrivalMs).slice(0, 10)}/${first.shardId}/${name}`
}

/** Includes the subsequence number, since the events of one record may fill several objects. */
function nameOf({ sequenceNumber, subSequence }: DeadLetter): string {
  return subSequence === null ? sequenceNumber : `${sequenceNumber}.${subSequence}`
}

function splitIntoObjects(deadLetters: readonly DeadLetter[]): NonEmpty<DeadLetter>[] {
  const groups: [DeadLetter, ...DeadLetter[]][] = []
  let characters = 0
  for (const deadLetter of deadLetters) {
    const group = groups.at(-1)
    if (group === undefined || characters + deadLetter.data.length > OBJECT_CHARACTERS_MAX) {
      groups.push([deadLetter])
      characters = 0
    } else group.push(deadLetter)
    characters += deadLetter.data.length
  }
  return groups
}
