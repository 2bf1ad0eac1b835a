// Encodes a dead letter of ingest as a line of JSON, and decodes it again.

import { REJECT_REASONS } from '../../domain/events/rejection.ts'
import { isoTime } from '../../domain/events/time.ts'
import { type DeadLetter, UNREADABLE_STATE } from '../../ports.ts'

/** Every reason that a line may have. */
export const REJECTED_REASONS = [...REJECT_REASONS, UNREADABLE_STATE] as const

/**
 * An object under `rejected/` has one such line for each dead letter:
 *
 *     {"reason":"missing-field","detail":"user: required","shard":"shardId-000000000003",
 *      "sequence":"49590338271490256608559692538361571095921575989136588898","subSequence":2,
 *      "arrival":"2026-03-02T09:00:05.000Z","data":"eyJ0eXBlIjoiQXBwT3BlbiJ9"}
 */
interface RejectedLine {
  readonly reason: DeadLetter['reason']
  readonly detail: string
  readonly shard: string
  readonly sequence: string
  /** Absent unless the event came in a packed record. */
  readonly subSequence?: number
  readonly arrival: string
  /** Base64, since a rejected record need not be text. */
  readonly data: string
}

export function encodeRejectedLine(deadLetter: DeadLetter): string {
  const { reason, detail, shardId, sequenceNumber, subSequence, arrivalMs, data } = deadLetter
  const line: RejectedLine = {
    reason,
    detail,
    shard: shardId,
    sequence: sequenceNumber,
    ...(subSequence !== null && { subSequence }),
    arrival: isoTime(arrivalMs),
    data,
  }
  return JSON.stringify(line)
}

/** Throws for a line that holds no dead letter. */
export function decodeRejectedLine(text: string): DeadLetter {
  const line = JSON.parse(text) as RejectedLine | null
  const arrivalMs = Date.parse(String(line?.arrival))
  if (typeof line?.data !== 'string' || Number.isNaN(arrivalMs)) throw new Error('the line holds no dead letter')
  const { reason, detail, shard, sequence, subSequence = null, data } = line
  return { reason, detail, shardId: shard, sequenceNumber: sequence, subSequence, arrivalMs, data }
}

/** Splits an object under `rejected/` into its lines. */
export function rejectedLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
