// Kinesis batches as Lambda hands them over: an event in, records in order out; and the reply that names the first failure.

import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'
import type { ArrivedRecord } from '../ports.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

export function toRecords(batch: KinesisStreamEvent): ArrivedRecord[] {
  return batch.Records.map(({ eventID, kinesis }) => ({
    // `<shard id>:<sequence number>`
    shardId: eventID.slice(0, eventID.indexOf(':')),
    sequenceNumber: kinesis.sequenceNumber,
    // Lambda gives it in seconds, with a fraction.
    arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    data: kinesis.data,
    text: decodeText(kinesis.data),
  }))
}

function decodeText(data: string): string | null {
  try {
    return utf8.decode(Buffer.from(data, 'base64'))
  } catch {
    return null
  }
}

/** Lambda delivers again from the lowest sequence number named, so one is enough. */
export function toBatchReply(failed: { readonly sequenceNumber: string } | null): KinesisStreamBatchResponse {
  return { batchItemFailures: failed === null ? [] : [{ itemIdentifier: failed.sequenceNumber }] }
}
