// Dead letters as they lie in the bucket: an object's key and text in, the Lambda events that send them again out.

import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda'
import { REJECTED_PREFIX } from '../../contract.ts'

/** One invocation that sends records again. Doing it twice changes nothing. */
export interface Resend {
  readonly step: 'ingest' | 'finalize'
  readonly event: { readonly Records: readonly unknown[] }
}

/** A synchronous invocation takes 6 MB. */
const EVENT_CHARACTERS_MAX = 5 * 1024 * 1024

/**
 * The shard that records sent again say they are of. Ingest keeps account of how far it has read each shard, and a
 * record that comes again says nothing of that.
 */
export const RESENT_SHARD = 'resent'

/** Throws for a text that is no dead letter. Records keep the time of their first arrival, so they decide as they did. */
export function toResends(key: string, text: string): Resend[] {
  if (key.startsWith(REJECTED_PREFIX)) return inPieces('ingest', text.split('\n').filter(Boolean).map(rejectedRecord))
  const { payload } = JSON.parse(text) as { payload?: unknown }
  const event = (typeof payload === 'string' ? JSON.parse(payload) : payload) as { Records?: unknown[] } | undefined
  if (!Array.isArray(event?.Records)) throw new Error(`${key} holds no batch`)
  const isKinesis = event.Records.some((record) => (record as { kinesis?: unknown }).kinesis !== undefined)
  if (!isKinesis) return inPieces('finalize', event.Records)
  return inPieces(
    'ingest',
    (event as KinesisStreamEvent).Records.map(({ kinesis }) => resent(kinesis)),
  )
}

interface RejectedLine {
  readonly sequence: string
  readonly subSequence?: number
  readonly arrival: string
  readonly data: string
}

function rejectedRecord(line: string) {
  const { sequence, subSequence, arrival, data } = JSON.parse(line) as RejectedLine
  return resent({
    sequenceNumber: sequence,
    subSequence,
    data,
    approximateArrivalTimestamp: Date.parse(arrival) / 1000,
  })
}

type Kept = Pick<KinesisStreamRecord['kinesis'], 'sequenceNumber' | 'data' | 'approximateArrivalTimestamp'> & {
  readonly subSequence?: number | undefined
}

function resent({ sequenceNumber, subSequence, data, approximateArrivalTimestamp }: Kept) {
  return {
    eventID: `${RESENT_SHARD}:${sequenceNumber}`,
    eventSource: 'aws:kinesis',
    kinesis: { sequenceNumber, subSequence, data, approximateArrivalTimestamp },
  }
}

function inPieces(step: Resend['step'], records: readonly unknown[]): Resend[] {
  const pieces: unknown[][] = []
  let characters = Number.POSITIVE_INFINITY
  for (const record of records) {
    const size = JSON.stringify(record).length
    if (characters + size > EVENT_CHARACTERS_MAX) {
      pieces.push([])
      characters = 0
    }
    pieces.at(-1)?.push(record)
    characters += size
  }
  return pieces.map((Records) => ({ step, event: { Records } }))
}
