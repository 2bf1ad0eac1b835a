// Puts records into the stream, and retries those that Kinesis throttles.

import {
  type KinesisClient,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  type PutRecordsResultEntry,
} from '@aws-sdk/client-kinesis'

/** The limits of Kinesis. A record's bytes include its key; a key's length is in characters. */
export const REQUEST_RECORDS_MAX = 500
export const REQUEST_BYTES_MAX = 5 * 1024 * 1024
export const RECORD_BYTES_MAX = 1024 * 1024
export const PARTITION_KEY_LENGTH_MAX = 256

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000

export interface RetryOptions {
  readonly triesMax: number
  readonly wait: (ms: number) => Promise<unknown>
  /** From 0 to 1. It spreads the retries of producers that Kinesis throttled at the same time. */
  readonly random: () => number
}

/** The stream did not accept these records, or its answer was lost. */
export class RecordsNotPutError extends Error {
  override readonly name = 'RecordsNotPutError'
  readonly records: readonly PutRecordsRequestEntry[]

  constructor(stream: string, records: readonly PutRecordsRequestEntry[], tries: number, cause: unknown) {
    const [many, often] = [records.length === 1 ? 'record' : 'records', tries === 1 ? 'try' : 'tries']
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`stream ${stream} did not accept ${records.length} ${many} in ${tries} ${often}: ${why}`, { cause })
    this.records = records
  }
}

/**
 * Resolves when all records are in the stream. Throws `RecordsNotPutError` after the last try, and
 * at once for an error that a retry cannot cure.
 *
 * @param records within the limits of one request.
 */
export async function putRecords(
  records: readonly PutRecordsRequestEntry[],
  stream: string,
  kinesis: KinesisClient,
  { triesMax, wait, random }: RetryOptions,
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
      // A request may fail for some of its records. One without an outcome may not be in the
      // stream.
      const refused = remaining.filter((_, index) => !isAccepted(outcomes?.[index]))
      cause =
        outcomes?.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode ??
        'Kinesis reported no outcome for the record'
      remaining = refused
    } catch (error) {
      if (!isTransient(error)) throw new RecordsNotPutError(stream, remaining, tries + 1, error)
      cause = error
    }
  }
}

function isAccepted(outcome: PutRecordsResultEntry | undefined): boolean {
  return outcome !== undefined && outcome.ErrorCode === undefined
}

interface Failure {
  readonly name?: string
  readonly code?: string
  readonly $fault?: string
  readonly $retryable?: unknown
}

const TRANSIENT: ReadonlySet<string | undefined> = new Set([
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

/** Other errors, such as a missing stream or permission, would only fail again. */
function isTransient(error: unknown): boolean {
  const { name, code, $fault, $retryable } = error as Failure
  return $fault === 'server' || $retryable !== undefined || TRANSIENT.has(name) || TRANSIENT.has(code)
}
