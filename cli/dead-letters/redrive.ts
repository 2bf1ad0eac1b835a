// Sends dead letters through ingest or finalize again, and counts what became of them.

import { InvokeCommand, type LambdaClient, RequestTooLargeException } from '@aws-sdk/client-lambda'
import type { S3Client } from '@aws-sdk/client-s3'
import { type RedriveInvocation, toRedriveInvocations } from '../../functions/aws/dead-letters/dead-letter-objects.ts'
import { REDRIVEN_SHARD, type RedriveReply } from '../../functions/aws/stream/kinesis-batch.ts'
import { REJECTED_PREFIX } from '../../functions/contract.ts'
import { isoTime } from '../../functions/domain/events/time.ts'
import { objectKeys, objectText } from './bucket-objects.ts'
import { isOfDay } from './stored-dead-letters.ts'

export interface RedriveRequest {
  readonly bucket: string
  readonly ingest: string
  readonly finalize: string
  /** The beginnings of the keys to read. */
  readonly prefixes: readonly string[]
  /** The day of arrival (UTC), such as `2026-11-21`; null for any day. */
  readonly day: string | null
}

export interface RedriveReport {
  objects: number
  records: number
  /** Records from the first one that failed in each invocation. */
  failed: number
  /** Records and events that ingest rejected again. */
  refused: number
  /** Keys of objects that hold no dead letter. */
  unreadable: string[]
}

/**
 * Names of sent records held in memory. Beyond it a copy may be sent beside its original, which
 * does no harm.
 */
const SENT_MAX = 1_000_000

/**
 * Sends one object after the other, and deletes none: the bucket's own rule does that. When ingest
 * rejects a record again, it writes a copy. Copies come last, and the redrive skips a copy whose
 * original it has sent.
 *
 * @param onObject called after each object with the number of objects so far.
 */
export async function redrive(
  request: RedriveRequest,
  s3: S3Client,
  lambda: LambdaClient,
  onObject: (objects: number) => void,
): Promise<RedriveReport> {
  const report: RedriveReport = { objects: 0, records: 0, failed: 0, refused: 0, unreadable: [] }
  const sent = new Set<string>()
  for (const areCopies of [false, true]) {
    for await (const key of objectKeys(s3, request.bucket, request.prefixes)) {
      if (isCopy(key) !== areCopies) continue
      const invocations = readInvocations(key, await objectText(s3, request.bucket, key))
      if (invocations === null) report.unreadable.push(key)
      const refused = new Set<string>()
      let records = 0
      for (const { step, event } of invocations ?? []) {
        const chosen = (event.Records as readonly StoredRecord[]).filter(
          (record) => isOfDay(arrivalOf(record), request.day) && !(areCopies && isSent(record, sent)),
        )
        records += chosen.length
        if (!areCopies) for (const record of chosen) if (sent.size < SENT_MAX) sent.add(nameOf(record))
        report.failed += await sendAgain(step === 'ingest' ? request.ingest : request.finalize, chosen, lambda, refused)
      }
      if (records === 0 && invocations !== null) continue
      report.records += records
      report.refused += refused.size
      report.objects++
      onObject(report.objects)
    }
  }
  return report
}

/** A record of the Kinesis stream or of the table's stream, as Lambda hands it to a function. */
interface StoredRecord {
  readonly kinesis?: {
    readonly sequenceNumber?: string
    readonly subSequence?: number
    readonly approximateArrivalTimestamp?: number
  }
  readonly dynamodb?: { readonly SequenceNumber?: string }
}

function isCopy(key: string): boolean {
  return key.startsWith(REJECTED_PREFIX) && key.split('/')[2] === REDRIVEN_SHARD
}

function nameOf({ kinesis }: StoredRecord): string {
  return `${kinesis?.sequenceNumber}.${kinesis?.subSequence ?? ''}`
}

/** Returns true as well if the redrive has sent the whole record that the event was packed in. */
function isSent(record: StoredRecord, sent: ReadonlySet<string>): boolean {
  return sent.has(nameOf(record)) || sent.has(`${record.kinesis?.sequenceNumber}.`)
}

function arrivalOf({ kinesis }: StoredRecord): string | null {
  const seconds = kinesis?.approximateArrivalTimestamp
  return seconds === undefined ? null : isoTime(Math.round(seconds * 1000))
}

function readInvocations(key: string, text: string): RedriveInvocation[] | null {
  try {
    return toRedriveInvocations(key, text)
  } catch {
    return null
  }
}

/**
 * Returns the number of records that failed. A function takes the records before the first failure,
 * and packed records can be more than one invocation takes. So the redrive sends the rest again, as
 * Lambda does, until the first of them fails.
 *
 * @param refused receives the names of the records and events that ingest rejected again.
 */
async function sendAgain(
  name: string,
  records: readonly StoredRecord[],
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

/** No function can take the record. The redrive counts it as failed and goes on. */
function ifTooLarge(error: unknown): { readonly FunctionError: string; readonly Payload?: Uint8Array } {
  if (error instanceof RequestTooLargeException) return { FunctionError: error.name }
  throw error
}

/** Returns the number of records before the first that failed; 0 if the function failed. */
async function invoke(
  name: string,
  records: readonly StoredRecord[],
  lambda: LambdaClient,
  refused: Set<string>,
): Promise<number> {
  const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify({ Records: records })) })
  const { FunctionError: error, Payload: payload } = await lambda.send(command).catch(ifTooLarge)
  if (error !== undefined || payload === undefined) return 0
  const reply = JSON.parse(Buffer.from(payload).toString('utf8')) as Partial<RedriveReply> | null
  for (const record of reply?.refused ?? []) refused.add(record)
  const failed = reply?.batchItemFailures?.[0]?.itemIdentifier
  if (failed === undefined) return records.length
  const sequenceNumberOf = ({ kinesis, dynamodb }: StoredRecord) => kinesis?.sequenceNumber ?? dynamodb?.SequenceNumber
  return Math.max(
    0,
    records.findIndex((record) => sequenceNumberOf(record) === failed),
  )
}
