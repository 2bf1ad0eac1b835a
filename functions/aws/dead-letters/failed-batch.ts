// Reads the batches that Lambda gave up after the last retry and wrote to the dead-letter bucket.

import type { KinesisStreamRecord } from 'aws-lambda'

/** A record of either stream, with the fields that readers of dead letters need. */
export interface FailedRecord extends Partial<KinesisStreamRecord> {
  readonly dynamodb?: {
    readonly Keys?: { readonly pk?: { readonly S?: string } }
    readonly ApproximateCreationDateTime?: number
    readonly SequenceNumber?: string
  }
}

export interface FailedBatch {
  readonly records: readonly FailedRecord[]
  /** Null where Lambda gives no cause. */
  readonly cause: string | null
  /** Null for a batch of the sessions table's stream. */
  readonly shardId: string | null
  /** Writes the object again with these records in place of its own. */
  readonly withRecords: (records: readonly FailedRecord[]) => string
}

/**
 * The object that Lambda's on-failure destination writes. `payload` is the event that Lambda
 * invoked the function with, as text or as an object:
 *
 *     {"requestContext":{"condition":"RetryAttemptsExhausted"},
 *      "KinesisBatchInfo":{"shardId":"shardId-000000000003"},
 *      "payload":"{\"Records\":[{\"kinesis\":{\"sequenceNumber\":\"4959\",\"data\":\"e30=\"}}]}"}
 */
export interface FailedObject {
  readonly requestContext?: { readonly condition?: string; readonly cause?: string }
  readonly version?: string
  readonly KinesisBatchInfo?: {
    readonly shardId?: string
    readonly batchSize?: number
    readonly startSequenceNumber?: string
  }
  readonly payload?: string | FailedEvent | null
}

interface FailedEvent {
  readonly Records?: readonly FailedRecord[]
}

/** Returns null for a text that holds no batch. */
export function readFailedBatch(text: string): FailedBatch | null {
  const whole = parse(text) as FailedObject | null | undefined
  const payload = whole?.payload
  const event = typeof payload === 'string' ? (parse(payload) as FailedEvent | null | undefined) : payload
  if (!Array.isArray(event?.Records)) return null
  return {
    records: event.Records,
    cause: whole?.requestContext?.cause ?? whole?.requestContext?.condition ?? null,
    shardId: whole?.KinesisBatchInfo?.shardId ?? null,
    withRecords: (records) => {
      const left = { ...event, Records: records }
      return JSON.stringify({ ...whole, payload: typeof payload === 'string' ? JSON.stringify(left) : left })
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
