// Kinesis batches as Lambda hands them over: an event in, records in order out; and the reply that names the first failure.

import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'
import type { ArrivedRecord, DeadLetter } from '../../ports.ts'

export function toRecords(batch: KinesisStreamEvent): ArrivedRecord[] {
  return batch.Records.map(({ eventID, kinesis }) => ({
    // `<shard id>:<sequence number>`
    shardId: eventID.slice(0, eventID.indexOf(':')),
    sequenceNumber: kinesis.sequenceNumber,
    // Lambda gives it in seconds, with a fraction.
    arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    data: kinesis.data,
    // Kinesis has no such field; an event that is sent again alone brings it.
    subSequence: (kinesis as { readonly subSequence?: number }).subSequence ?? null,
  }))
}

/** Of records that a person sent again: what is refused again, too. */
export interface ResentReply extends KinesisStreamBatchResponse {
  /** Each as its sequence number and, of a packed record, its place. */
  readonly refused: readonly string[]
}

export function toResentReply(
  failed: { readonly sequenceNumber: string } | null,
  letters: readonly Pick<DeadLetter, 'sequenceNumber' | 'subSequence'>[],
): ResentReply {
  const refused = letters.map(({ sequenceNumber, subSequence }) => `${sequenceNumber}.${subSequence ?? ''}`)
  return { ...toBatchReply(failed), refused }
}

/** Lambda delivers again from the lowest sequence number named, so one is enough. */
export function toBatchReply(failed: { readonly sequenceNumber: string } | null): KinesisStreamBatchResponse {
  return { batchItemFailures: failed === null ? [] : [{ itemIdentifier: failed.sequenceNumber }] }
}
