// Converts Lambda's Kinesis batches to records, and a first failure to Lambda's reply.

import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda'
import type { ArrivedRecord, DeadLetter } from '../../ports.ts'

/**
 * The shard that redriven records name as theirs, so that they never move the progress of a shard
 * of the stream.
 */
export const REDRIVEN_SHARD = 'redriven'

/** Throws for an event that is no batch of a Kinesis stream. */
export function toRecords(batch: KinesisStreamEvent): ArrivedRecord[] {
  const isBatch = Array.isArray(batch?.Records) && batch.Records.every((record) => isKinesisRecord(record))
  if (!isBatch)
    throw new Error('ingest expects a batch of a Kinesis stream: {"Records": [{"eventID": ..., "kinesis": ...}]}')
  return batch.Records.map(({ eventID, kinesis }) => ({
    // `<shard id>:<sequence number>`
    shardId: eventID.slice(0, eventID.indexOf(':')),
    sequenceNumber: kinesis.sequenceNumber,
    // Lambda gives seconds with a fraction.
    arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    data: kinesis.data,
    // Only an event that is redriven alone has this field: Kinesis has none like it.
    subSequence: (kinesis as { readonly subSequence?: number }).subSequence ?? null,
  }))
}

function isKinesisRecord(record: Partial<KinesisStreamRecord> | null): boolean {
  return typeof record?.eventID === 'string' && typeof record.kinesis?.data === 'string'
}

/** The reply to a redrive. */
export interface RedriveReply extends KinesisStreamBatchResponse {
  /**
   * The records and events that ingest refused again, as `<sequence number>.<subsequence number>`.
   * Nothing follows the dot for a record.
   */
  readonly refused: readonly string[]
}

export function toRedriveReply(
  failed: { readonly sequenceNumber: string } | null,
  deadLetters: readonly Pick<DeadLetter, 'sequenceNumber' | 'subSequence'>[],
): RedriveReply {
  const refused = deadLetters.map(({ sequenceNumber, subSequence }) => `${sequenceNumber}.${subSequence ?? ''}`)
  return { ...toBatchReply(failed), refused }
}

/**
 * Names only the first failure: Lambda redelivers from the lowest sequence number that the reply
 * names.
 */
export function toBatchReply(failed: { readonly sequenceNumber: string } | null): KinesisStreamBatchResponse {
  return { batchItemFailures: failed === null ? [] : [{ itemIdentifier: failed.sequenceNumber }] }
}
