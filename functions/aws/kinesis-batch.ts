// Kinesis batches as Lambda hands them over: an event in, records in order out; and the reply that names the first failure.

import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'
import type { ArrivedRecord } from '../ports.ts'

export function toRecords(batch: KinesisStreamEvent): ArrivedRecord[] {
  return batch.Records.map(({ eventID, kinesis }) => ({
    // `<shard id>:<sequence number>`
    shardId: eventID.slice(0, eventID.indexOf(':')),
    sequenceNumber: kinesis.sequenceNumber,
    // Lambda gives it in seconds, with a fraction.
    arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    data: kinesis.data,
    // Kinesis has no such field; an event that is sent again alone brings it.
    place: (kinesis as { readonly place?: number }).place ?? null,
  }))
}

/** Lambda delivers again from the lowest sequence number named, so one is enough. */
export function toBatchReply(failed: { readonly sequenceNumber: string } | null): KinesisStreamBatchResponse {
  return { batchItemFailures: failed === null ? [] : [{ itemIdentifier: failed.sequenceNumber }] }
}
