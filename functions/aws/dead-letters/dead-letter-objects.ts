// Turns an object of the dead-letter bucket into the Lambda events that redrive its records.

import { REJECTED_PREFIX } from '../../contract.ts'
import type { DeadLetter } from '../../ports.ts'
import { REDRIVEN_SHARD } from '../stream/kinesis-batch.ts'
import { readFailedBatch } from './failed-batch.ts'
import { decodeRejectedLine, rejectedLines } from './rejected-line.ts'

/** One invocation that redrives records. A second one changes nothing. */
export interface RedriveInvocation {
  readonly step: 'ingest' | 'finalize'
  readonly event: { readonly Records: readonly unknown[] }
}

/** A synchronous invocation takes 6 MB. */
const EVENT_CHARACTERS_MAX = 5 * 1024 * 1024

/**
 * Returns the invocations that redrive the records of an object. Each record carries the time of
 * its first arrival, so that ingest decides about it as it did before.
 *
 *     rejected/...    lines of dead letters           -> ingest, as records of the shard `redriven`
 *     aws/lambda/...  a batch of the Kinesis stream   -> ingest, as records of the shard `redriven`
 *     aws/lambda/...  a batch of the table's stream   -> finalize, unchanged
 *
 * Throws for a text that holds no dead letter.
 */
export function toRedriveInvocations(key: string, text: string): RedriveInvocation[] {
  if (key.startsWith(REJECTED_PREFIX)) {
    const deadLetters = rejectedLines(text).map(decodeRejectedLine)
    return splitIntoEvents('ingest', deadLetters.map(redrivenDeadLetter))
  }
  const batch = readFailedBatch(text)
  if (batch === null) throw new Error(`${key} holds no batch`)
  const kinesisRecords = batch.records.flatMap(({ kinesis }) => kinesis ?? [])
  if (kinesisRecords.length === 0) return splitIntoEvents('finalize', batch.records)
  return splitIntoEvents('ingest', kinesisRecords.map(redriven))
}

function redrivenDeadLetter({ sequenceNumber, subSequence, data, arrivalMs }: DeadLetter) {
  return redriven({
    sequenceNumber,
    subSequence: subSequence ?? undefined,
    data,
    approximateArrivalTimestamp: arrivalMs / 1000,
  })
}

interface Redriven {
  readonly sequenceNumber: string
  readonly subSequence?: number | undefined
  /** Base64. */
  readonly data: string
  /** In seconds, as Lambda gives it. */
  readonly approximateArrivalTimestamp: number
}

function redriven({ sequenceNumber, subSequence, data, approximateArrivalTimestamp }: Redriven) {
  return {
    eventID: `${REDRIVEN_SHARD}:${sequenceNumber}`,
    eventSource: 'aws:kinesis',
    kinesis: { sequenceNumber, subSequence, data, approximateArrivalTimestamp },
  }
}

function splitIntoEvents(step: RedriveInvocation['step'], records: readonly unknown[]): RedriveInvocation[] {
  const groups: unknown[][] = []
  let characters = Number.POSITIVE_INFINITY
  for (const record of records) {
    const size = JSON.stringify(record).length
    if (characters + size > EVENT_CHARACTERS_MAX) {
      groups.push([])
      characters = 0
    }
    groups.at(-1)?.push(record)
    characters += size
  }
  return groups.map((group) => ({ step, event: { Records: group } }))
}
