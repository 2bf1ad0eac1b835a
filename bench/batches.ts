// Divides logs of events into the batches that ingest receives, with fixed times, so that every run
// measures the same.

import type { ArrivedRecord } from '../functions/ports.ts'
import type { Batch } from '../local/cost/replay-batches.ts'
import type { SentEvent } from '../samples/tutorial-events.ts'

const SHARD = 'shardId-000000000000'
/** How long after an event its record arrives. */
const TRANSPORT_MS = 300

export interface Window {
  readonly batchSize: number
  readonly batchWindowMs: number
}

/** Returns batches that hold the next `perBatch` events of each user. */
export function batchesOf(logs: readonly (readonly SentEvent[])[], perBatch: number): Batch[] {
  const rounds = Math.ceil(Math.max(...logs.map((log) => log.length)) / perBatch)
  let sequence = 0
  return Array.from({ length: rounds }, (_, round) => {
    const sent = logs.flatMap((log) => log.slice(round * perBatch, (round + 1) * perBatch))
    const records = sent.map((event) => {
      sequence++
      return toRecord(event, sequence, Date.parse(event.time as string) + TRANSPORT_MS)
    })
    return { records, nowMs: Math.max(...records.map(({ arrivalMs }) => arrivalMs)) }
  })
}

/** Divides a log in order of delivery by size and window, as Lambda's poller does. */
export function windowedBatches(log: readonly SentEvent[], { batchSize, batchWindowMs }: Window): Batch[] {
  const batches: Batch[] = []
  let records: ArrivedRecord[] = []
  let openedMs = 0
  let arrivalMs = 0
  const close = (nowMs: number): void => {
    if (records.length > 0) batches.push({ records, nowMs })
    records = []
  }
  for (const [sequence, event] of log.entries()) {
    // An event that is older than the one before it in the log is late, so it arrives with that
    // one.
    arrivalMs = Math.max(arrivalMs, Date.parse(event.time as string) + TRANSPORT_MS)
    if (records.length > 0 && arrivalMs > openedMs + batchWindowMs) close(openedMs + batchWindowMs)
    if (records.length === 0) openedMs = arrivalMs
    records.push(toRecord(event, sequence + 1, arrivalMs))
    if (records.length === batchSize) close(arrivalMs)
  }
  close(arrivalMs)
  return batches
}

function toRecord(event: SentEvent, sequence: number, arrivalMs: number): ArrivedRecord {
  const data = Buffer.from(JSON.stringify(event)).toString('base64')
  return { shardId: SHARD, sequenceNumber: String(sequence), arrivalMs, data, subSequence: null }
}

/**
 * Sums the number of users of each batch: how many writes it takes to write each user once a batch.
 */
export function userBatches(batches: readonly Batch[]): number {
  const usersIn = ({ records }: Batch): number => new Set(records.map((record) => sentBy(record))).size
  return batches.reduce((sum, batch) => sum + usersIn(batch), 0)
}

function sentBy({ data }: ArrivedRecord): unknown {
  return (JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as SentEvent).user
}
