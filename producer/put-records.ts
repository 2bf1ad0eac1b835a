// Records in, the same records in the stream out: what Kinesis refuses for the moment is sent again, before anything later.

import {
  type KinesisClient,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  type PutRecordsResultEntry,
} from '@aws-sdk/client-kinesis'

/** Kinesis' limits: records and bytes in a request, bytes in a record with its key, and a key's length. */
export const REQUEST_RECORDS_MAX = 500
export const REQUEST_BYTES_MAX = 5 * 1024 * 1024
export const RECORD_BYTES_MAX = 1024 * 1024
export const PARTITION_KEY_LENGTH_MAX = 256

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000

export interface Patience {
  readonly triesMax: number
  readonly wait: (ms: number) => Promise<unknown>
  /** From 0 to 1: producers that were refused together had better not come back together. */
  readonly random: () => number
}

/** These records are not in the stream, or it is not known whether they are. */
export class RecordsNotPutError extends Error {
  readonly records: readonly PutRecordsRequestEntry[]
  constructor(stream: string, records: readonly PutRecordsRequestEntry[], tries: number, cause: unknown) {
    super(`stream ${stream} did not take ${records.length} records in ${tries} tries`, { cause })
    this.name = 'RecordsNotPutError'
    this.records = records
  }
}

/** @param records within the limits of one request. */
export async function putRecords(
  records: readonly PutRecordsRequestEntry[],
  stream: string,
  kinesis: KinesisClient,
  { triesMax, wait, random }: Patience,
): Promise<void> {
  let remaining = records
  let cause: unknown
  for (let tries = 0; remaining.length > 0; tries++) {
    if (tries === triesMax) throw new RecordsNotPutError(stream, remaining, tries, cause)
    if (tries > 0) await wait(Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS) * (0.5 + random() / 2))
    try {
      const { Records: outcomes } = await kinesis.send(
        new PutRecordsCommand({ StreamName: stream, Records: [...remaining] }),
      )
      // A request can fail for some of its records; one that nothing is said of may not be in the stream.
      const refused = remaining.filter((_, index) => !isTaken(outcomes?.[index]))
      cause = outcomes?.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode ?? 'no answer for the record'
      remaining = refused
    } catch (error) {
      if (!mayPass(error)) throw new RecordsNotPutError(stream, remaining, tries + 1, error)
      cause = error
    }
  }
}

function isTaken(outcome: PutRecordsResultEntry | undefined): boolean {
  return outcome !== undefined && outcome.ErrorCode === undefined
}

interface Failure {
  readonly name?: string
  readonly code?: string
  readonly $fault?: string
  readonly $retryable?: unknown
}

const PASSING: ReadonlySet<string | undefined> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'KMSThrottlingException',
  'LimitExceededException',
  'TimeoutError',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
])

/** A stream that is not there, or not allowed, will not be at the next try. */
function mayPass(error: unknown): boolean {
  const { name, code, $fault, $retryable } = error as Failure
  return $fault === 'server' || $retryable !== undefined || PASSING.has(name) || PASSING.has(code)
}
