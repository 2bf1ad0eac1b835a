// Divides a log into the batches that ingest would read if other users sent so many events beside
// it that the stream has a given rate.

import type { ArrivedRecord } from '../../functions/ports.ts'
import type { Batch } from './replay-batches.ts'

/** One record of a log. */
export interface LoggedRecord {
  /** Null where no event of the record can be read. */
  readonly user: string | null
  /** The latest time of its events; null where none has a time. */
  readonly timeMs: number | null
  readonly data: Buffer
  /** How many events it holds, bad ones too. */
  readonly events: number
}

/** The records that arrive at each shard, those of the log and those of others. */
export interface ShardLoad {
  readonly recordsPerSecond: number
  /** How long a batch waits. */
  readonly windowMs: number
  /** How many records a batch holds at most. */
  readonly batchRecords: number
}

export interface LogBatches {
  /** In the order of their times. */
  readonly batches: readonly Batch[]
  /** How many records a second the log has in itself, on average. */
  readonly ownRecordsPerSecond: number
  /** The number of users of each batch, summed: so many states ingest writes. */
  readonly userBatches: number
}

/**
 * A user's records keep their order and the times between them. A record that is older than an
 * earlier one of its user arrives with that one. The other users only open batches, as often as the
 * rate demands:
 *
 *     others    x  x x   x  x x  x   x     their records
 *     ann         a   a        a           records of the log
 *     batches  [          ][          ]    a batch opens with any record, and ends after the window
 *
 * Where the log has more records a second than a shard, its users are divided among several.
 */
export function logBatches(records: readonly LoggedRecord[], load: ShardLoad): LogBatches {
  const arrived = arrivals(records)
  const ownRecordsPerSecond = rateOf(arrived)
  const lanes = Math.max(1, Math.ceil(ownRecordsPerSecond / load.recordsPerSecond))
  const laneOf = new Map<string | null, number>()
  const byLane: Arrival[][] = Array.from({ length: lanes }, () => [])
  for (const arrival of arrived) {
    const { user } = arrival.record
    const lane = laneOf.get(user) ?? laneOf.size % lanes
    laneOf.set(user, lane)
    byLane[lane]?.push(arrival)
  }
  const othersPerSecond = Math.max(0, load.recordsPerSecond - ownRecordsPerSecond / lanes)
  const found = byLane.flatMap((ofLane, lane) => batchesOfLane(ofLane, lane, othersPerSecond, load))
  return {
    batches: found.sort((a, b) => a.nowMs - b.nowMs),
    ownRecordsPerSecond,
    userBatches: found.reduce((sum, { users }) => sum + users.size, 0),
  }
}

interface Arrival {
  readonly record: LoggedRecord
  readonly arrivalMs: number
}

/** A shard takes 1,000 records a second. */
const RECORD_MS = 1

/**
 * A record without a time arrives just after the one before it. Ingest takes the arrival as the
 * time of its events, so equal events at one time would count as duplicates.
 */
function arrivals(records: readonly LoggedRecord[]): Arrival[] {
  const latest = new Map<string | null, number>()
  let lastMs = records.find(({ timeMs }) => timeMs !== null)?.timeMs ?? 0
  const arrived = records.map((record) => {
    lastMs = record.timeMs ?? lastMs + RECORD_MS
    const arrivalMs = Math.max(lastMs, latest.get(record.user) ?? lastMs)
    if (record.user !== null) latest.set(record.user, arrivalMs)
    return { record, arrivalMs }
  })
  return arrived.sort((a, b) => a.arrivalMs - b.arrivalMs)
}

/** A log that takes no time counts as one of a second. */
function rateOf(arrived: readonly Arrival[]): number {
  const spanMs = (arrived.at(-1)?.arrivalMs ?? 0) - (arrived[0]?.arrivalMs ?? 0)
  return arrived.length / Math.max(1, spanMs / 1000)
}

interface LaneBatch extends Batch {
  readonly users: ReadonlySet<string>
}

function batchesOfLane(
  arrived: readonly Arrival[],
  lane: number,
  othersPerSecond: number,
  { windowMs, batchRecords }: ShardLoad,
): LaneBatch[] {
  const shardId = `shardId-${String(lane).padStart(12, '0')}`
  const opening = openings(windowMs, othersPerSecond)
  const batches: LaneBatch[] = []
  let users = new Set<string>()
  let records: ArrivedRecord[] = []
  let endsMs = Number.NEGATIVE_INFINITY
  const end = (nowMs: number): void => {
    if (records.length > 0) batches.push({ records, nowMs, users })
    records = []
    users = new Set()
    endsMs = nowMs
  }
  for (const [index, { record, arrivalMs }] of arrived.entries()) {
    if (records.length > 0 && arrivalMs > endsMs) end(endsMs)
    if (records.length === 0) endsMs = opening(endsMs, arrivalMs) + windowMs
    const data = record.data.toString('base64')
    if (record.user !== null) users.add(record.user)
    records.push({ shardId, sequenceNumber: String(index + 1), arrivalMs, data, subSequence: null })
    if (records.length === batchRecords) end(arrivalMs)
  }
  end(endsMs)
  return batches
}

/** The fractions of its multiples spread evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2

/**
 * Returns a function of the end of the last batch and of the log's next arrival. It returns when
 * the batch opens that holds the arrival: by a record of the others, or by the arrival itself.
 */
function openings(windowMs: number, othersPerSecond: number): (endedMs: number, arrivalMs: number) => number {
  const idleMs = othersPerSecond === 0 ? Number.POSITIVE_INFINITY : 1000 / othersPerSecond
  const phase = fractions()
  const pause = fractions()
  return (endedMs, arrivalMs) => {
    if (idleMs === Number.POSITIVE_INFINITY) return arrivalMs
    const cycleMs = windowMs + idleMs
    const isLongAfter = arrivalMs - endedMs > cycleMs
    // Long after the last batch, the arrival falls anywhere in a cycle of the others.
    let openMs = isLongAfter ? arrivalMs - phase() * cycleMs : endedMs - idleMs * Math.log(pause())
    if (openMs + windowMs < arrivalMs) openMs = arrivalMs
    return Math.min(openMs, arrivalMs)
  }
}

/** Returns a function whose results spread evenly between 0 and 1, the same in each run. */
function fractions(): () => number {
  let drawn = 0
  return () => (++drawn * GOLDEN) % 1
}
