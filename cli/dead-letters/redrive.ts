// Dead letters sent again: a bucket and the functions in, each record that was asked for through its step again, counts out.

import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { type Resend, toResends } from '../../functions/aws/dead-letters/dead-letter-objects.ts'
import { RESENT_SHARD, type ResentReply } from '../../functions/aws/stream/kinesis-batch.ts'
import { REJECTED_PREFIX } from '../../functions/contract.ts'
import { isoTime } from '../../functions/domain/events/time.ts'
import { isOfDay } from './stored-dead-letters.ts'

export interface Letters {
  readonly bucket: string
  readonly ingest: string
  readonly finalize: string
  readonly prefixes: readonly string[]
  /** Of arrival, UTC; null for any. */
  readonly day: string | null
}

export interface Redriven {
  objects: number
  records: number
  /** Records that came back, and those after them. */
  failed: number
  /** Records and events that ingest took and refused again. */
  refused: number
  /** Objects that hold no dead letter. */
  unreadable: string[]
}

/** Of records that were sent: more are not worth the memory, since a copy that is sent as well does no harm. */
const SENT_MAX = 1_000_000

/**
 * One object after the other. Nothing is deleted: the bucket's own rule does that, and sending again is safe. Copies of
 * what was refused again come last, and only those whose original is not there any more.
 */
export async function redrive(
  letters: Letters,
  s3: S3Client,
  lambda: LambdaClient,
  onObject: (objects: number) => void,
): Promise<Redriven> {
  const report: Redriven = { objects: 0, records: 0, failed: 0, refused: 0, unreadable: [] }
  const sent = new Set<string>()
  for (const isOfCopies of [false, true]) {
    for await (const key of keysOf(letters, s3)) {
      if (isCopy(key) !== isOfCopies) continue
      const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: letters.bucket, Key: key }))
      const resends = readResends(key, (await body?.transformToString('utf8')) ?? '')
      if (resends === null) report.unreadable.push(key)
      const refused = new Set<string>()
      let records = 0
      for (const { step, event } of resends ?? []) {
        const asked = (event.Records as readonly StoredDeadLetter[]).filter(
          (record) => isOfDay(arrivalOf(record), letters.day) && !(isOfCopies && isSent(record, sent)),
        )
        records += asked.length
        if (!isOfCopies) for (const record of asked) if (sent.size < SENT_MAX) sent.add(nameOf(record))
        report.failed += await sendAgain(step === 'ingest' ? letters.ingest : letters.finalize, asked, lambda, refused)
      }
      if (records === 0 && resends !== null) continue
      report.records += records
      report.refused += refused.size
      report.objects++
      onObject(report.objects)
    }
  }
  return report
}

async function* keysOf({ bucket, prefixes }: Letters, s3: S3Client): AsyncGenerator<string> {
  for (const Prefix of prefixes) {
    for await (const { Contents: found } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
      for (const { Key: key = '' } of found ?? []) yield key
    }
  }
}

/** Of either stream. */
interface StoredDeadLetter {
  readonly kinesis?: {
    readonly sequenceNumber?: string
    readonly subSequence?: number
    readonly approximateArrivalTimestamp?: number
  }
  readonly dynamodb?: { readonly SequenceNumber?: string }
}

function isCopy(key: string): boolean {
  return key.startsWith(REJECTED_PREFIX) && key.split('/')[2] === RESENT_SHARD
}

function nameOf({ kinesis }: StoredDeadLetter): string {
  return `${kinesis?.sequenceNumber}.${kinesis?.subSequence ?? ''}`
}

/** Alone, or with the whole record that it was packed in. */
function isSent(record: StoredDeadLetter, sent: ReadonlySet<string>): boolean {
  return sent.has(nameOf(record)) || sent.has(`${record.kinesis?.sequenceNumber}.`)
}

function arrivalOf({ kinesis }: StoredDeadLetter): string | null {
  const seconds = kinesis?.approximateArrivalTimestamp
  return seconds === undefined ? null : isoTime(Math.round(seconds * 1000))
}

function readResends(key: string, text: string): Resend[] | null {
  try {
    return toResends(key, text)
  } catch {
    return null
  }
}

/**
 * How many of them were not taken. A batch is taken up to its first failure, and what is packed tightly may be more
 * than one batch may hold: so what comes after is sent again, as Lambda does, for as long as that takes any further.
 *
 * @param refused what ingest says to have refused again is added.
 */
async function sendAgain(
  name: string,
  records: readonly StoredDeadLetter[],
  lambda: LambdaClient,
  refused: Set<string>,
): Promise<number> {
  let rest = records
  while (rest.length > 0) {
    const taken = await invoke(name, rest, lambda, refused)
    if (taken === 0) return rest.length
    rest = rest.slice(taken)
  }
  return 0
}

/** How many records were taken before the first that failed; none when the function failed. */
async function invoke(
  name: string,
  records: readonly StoredDeadLetter[],
  lambda: LambdaClient,
  refused: Set<string>,
): Promise<number> {
  const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify({ Records: records })) })
  const { FunctionError: error, Payload: payload } = await lambda.send(command)
  if (error !== undefined || payload === undefined) return 0
  const reply = JSON.parse(Buffer.from(payload).toString('utf8')) as Partial<ResentReply> | null
  for (const one of reply?.refused ?? []) refused.add(one)
  const failed = reply?.batchItemFailures?.[0]?.itemIdentifier
  if (failed === undefined) return records.length
  const sequenceNumberOf = ({ kinesis, dynamodb }: StoredDeadLetter) =>
    kinesis?.sequenceNumber ?? dynamodb?.SequenceNumber
  return Math.max(
    0,
    records.findIndex((record) => sequenceNumberOf(record) === failed),
  )
}
