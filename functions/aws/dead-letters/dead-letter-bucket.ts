// DeadLetters on S3: refused records and events in, one object per batch of newline-delimited JSON out.

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { REJECTED_PREFIX } from '../../contract.ts'
import { isoTime } from '../../domain/events/time.ts'
import type { DeadLetter, DeadLetters } from '../../ports.ts'
import { boundedRequests } from '../runtime/bounded-requests.ts'

/** One object as S3 takes it in one request without much memory. */
const OBJECT_CHARACTERS_MAX = 4 * 1024 * 1024
/** The sending of such an object counts. */
const ANSWER_MS_MAX = 5000

export function bucketDeadLetters(bucket: string, answerMs = ANSWER_MS_MAX): DeadLetters {
  return s3DeadLetters(new S3Client(boundedRequests(answerMs)), bucket)
}

export function s3DeadLetters(client: S3Client, bucket: string): DeadLetters {
  return {
    put: async (letters) => {
      for (const group of toGroups(letters)) {
        const body = group.map((letter) => `${JSON.stringify(toLine(letter))}\n`).join('')
        const key = objectKey(group)
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/x-ndjson' }),
        )
      }
    },
  }
}

/** `rejected/<day of arrival>/<shard>/<first>-<last>-<count>.ndjson`: the same again, the same object. */
function objectKey(letters: readonly DeadLetter[]): string {
  const first = letters[0] as DeadLetter
  const last = letters[letters.length - 1] as DeadLetter
  const name = `${nameOf(first)}-${nameOf(last)}-${letters.length}.ndjson`
  return `${REJECTED_PREFIX}${isoTime(first.arrivalMs).slice(0, 10)}/${first.shardId}/${name}`
}

/** With the subSequence: the events of one record may fill several objects. */
function nameOf({ sequenceNumber, subSequence }: DeadLetter): string {
  return subSequence === null ? sequenceNumber : `${sequenceNumber}.${subSequence}`
}

/** A line of the object; the data stays base64, since what was refused may not be text. */
function toLine(letter: DeadLetter): Record<string, string | number> {
  return {
    reason: letter.reason,
    detail: letter.detail,
    shard: letter.shardId,
    sequence: letter.sequenceNumber,
    ...(letter.subSequence === null ? {} : { subSequence: letter.subSequence }),
    arrival: isoTime(letter.arrivalMs),
    data: letter.data,
  }
}

function toGroups(letters: readonly DeadLetter[]): DeadLetter[][] {
  const groups: DeadLetter[][] = []
  let characters = Number.POSITIVE_INFINITY
  for (const letter of letters) {
    if (characters + letter.data.length > OBJECT_CHARACTERS_MAX) {
      groups.push([])
      characters = 0
    }
    groups[groups.length - 1]?.push(letter)
    characters += letter.data.length
  }
  return groups
}
