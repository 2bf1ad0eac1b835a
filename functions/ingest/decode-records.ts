// Decodes a batch of records into the events of each user, and into dead letters for the rest.

import { decodeEvent, type Parsed, type Rejection } from '../domain/events/decode.ts'
import type { Arrival, Digest } from '../domain/events/event.ts'
import { nearMisses } from '../domain/events/field-names.ts'
import { sentEvents } from '../domain/events/formats/sent-events.ts'
import type { IgnoredReason } from '../domain/events/formats/ubi.ts'
import type { NonEmpty } from '../domain/non-empty.ts'
import { beyondRecordSessions, RECORD_SESSIONS_MAX } from '../domain/sessions/record-sessions.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import type { ArrivedRecord, DeadLetter, DeadLetterReason, RecordEvents, UnpackedEvent } from '../ports.ts'

export interface DecodePorts {
  readonly digest: Digest
  /** Returns the name under which a user is stored. The same user always gets the same name. */
  readonly pseudonym: (user: string) => string
  /** Bounded in time and memory, whatever the record holds. */
  readonly unpack: (record: ArrivedRecord) => RecordEvents
}

/** An arrival with the record that it came in. */
export interface ArrivedEvent extends Arrival {
  readonly record: ArrivedRecord
  readonly origin: Origin
  /** The record's index in the batch. */
  readonly index: number
}

type Origin = Pick<UnpackedEvent, 'subSequence' | 'data'>

/**
 * Unpacked bytes after which the batch takes no further record: its six megabytes may unpack to
 * gigabytes.
 */
export const BATCH_BYTES_MAX = 32 * 1024 * 1024
/**
 * Events after which the batch takes no further record: each may be of another user, and costs a
 * read and a write.
 */
export const BATCH_EVENTS_MAX = 20_000

export interface DecodedBatch {
  /** In order of arrival. */
  readonly byUser: ReadonlyMap<string, NonEmpty<ArrivedEvent>>
  /** Also holds events of a record that makes too many sessions. */
  readonly unreadable: readonly DeadLetter[]
  readonly ignored: IgnoredCounts
  readonly nearMisses: NearMissCounts
  /** Number of records that are decoded. The records after them are not even unpacked. */
  readonly taken: number
}

/** Documents of another format that stand for no event, by the reason. */
export type IgnoredCounts = Readonly<Partial<Record<IgnoredReason, number>>>

/** Fields that ingest ignores although their names are nearly ours, by their names (E5). */
export type NearMissCounts = Readonly<Record<string, number>>

/** Distinct names of near misses in one batch. `countNearMisses` sums further ones as `(other)`. */
export const NEAR_MISS_NAMES_MAX = 20

export function decodeRecords(
  records: readonly ArrivedRecord[],
  { unpack, pseudonym, digest }: DecodePorts,
  rules: Rules,
): DecodedBatch {
  const byUser = new Map<string, [ArrivedEvent, ...ArrivedEvent[]]>()
  const unreadable: DeadLetter[] = []
  const ignored: Partial<Record<IgnoredReason, number>> = {}
  const nearMissCounts = new Map<string, number>()
  const decoded = (taken: number): DecodedBatch => {
    return { byUser, unreadable, ignored, nearMisses: Object.fromEntries(nearMissCounts), taken }
  }
  let [bytes, count] = [0, 0]
  for (const [index, record] of records.entries()) {
    if (bytes >= BATCH_BYTES_MAX || count >= BATCH_EVENTS_MAX) return decoded(index)
    const unpacked = unpack(record)
    bytes += unpacked.bytes
    const countBefore = count
    for (const { origin, read } of eventsOf(unpacked.events)) {
      count++
      if (typeof read === 'string') {
        ignored[read] = (ignored[read] ?? 0) + 1
        continue
      }
      const { arrivalMs } = record
      if (read.ok) countNearMisses(read.value, rules, nearMissCounts)
      const event = read.ok ? decodeEvent(read.value, arrivalMs, rules, digest, origin.subSequence) : read
      if (!event.ok) {
        unreadable.push(deadLetter(record, origin, event.reason, event.detail))
        continue
      }
      const user = pseudonym(event.user)
      const arrival = { event: event.event, arrivalMs, record, origin, index }
      const arrivals = byUser.get(user)
      if (arrivals === undefined) byUser.set(user, [arrival])
      else arrivals.push(arrival)
    }
    if (count - countBefore > RECORD_SESSIONS_MAX) unreadable.push(...rejectBeyond(byUser, index, rules))
  }
  return decoded(records.length)
}

/** Names are bounded: a producer could send ever new ones, and each one lengthens the log line. */
function countNearMisses(event: unknown, { ubiOrdinalsFrom }: Rules, counts: Map<string, number>): void {
  for (const { name } of nearMisses(event, ubiOrdinalsFrom)) {
    const counted = counts.has(name) || counts.size < NEAR_MISS_NAMES_MAX ? name : '(other)'
    counts.set(counted, (counts.get(counted) ?? 0) + 1)
  }
}

/** Removes the events that make more sessions of one user than a record may, and rejects them. */
function rejectBeyond(byUser: Map<string, [ArrivedEvent, ...ArrivedEvent[]]>, index: number, rules: Rules) {
  const rejected: DeadLetter[] = []
  for (const [user, arrivals] of byUser) {
    const beyond = beyondRecordSessions(
      arrivals.filter((arrival) => arrival.index === index),
      rules,
    )
    if (beyond.size === 0) continue
    byUser.set(user, arrivals.filter((arrival) => !beyond.has(arrival)) as typeof arrivals)
    for (const { record, origin } of beyond) rejected.push(deadLetter(record, origin, 'too-large', TOO_MANY_SESSIONS))
  }
  return rejected
}

const TOO_MANY_SESSIONS = `the events of its user in this record form more than ${RECORD_SESSIONS_MAX} sessions`

interface OriginatedEvent {
  readonly origin: Origin
  /** A text when the document stands for no event. */
  readonly read: Parsed | Rejection | IgnoredReason
}

/**
 * A document of another format may stand for several events. Each of these gets its own
 * `subSequence` and, if it is rejected, its own dead letter in our format. So one of them can be
 * redriven without the others.
 */
function* eventsOf(documents: readonly UnpackedEvent[]): Generator<OriginatedEvent> {
  let before = 0
  for (const { read, subSequence, data } of documents) {
    const parsed = read()
    const sent = parsed.ok ? sentEvents(parsed.value) : parsed
    const at = subSequence === null ? null : subSequence + before
    if (!sent.ok) yield { origin: { subSequence: at, data }, read: sent }
    else if (sent.ignored !== null) yield { origin: { subSequence: at, data }, read: sent.ignored }
    else if (sent.events.length === 1)
      yield { origin: { subSequence: at, data }, read: { ok: true, value: sent.events[0] } }
    else {
      for (const [n, value] of sent.events.entries()) {
        yield { origin: { subSequence: (at ?? 0) + n, data: () => partOf(read, n) }, read: { ok: true, value } }
      }
      before += sent.events.length - 1
    }
  }
}

/**
 * Returns base64. Parses the document again: to hold every parsed document for the few rejections
 * costs memory.
 */
function partOf(read: UnpackedEvent['read'], n: number): string {
  const parsed = read()
  const sent = parsed.ok ? sentEvents(parsed.value) : parsed
  return Buffer.from(JSON.stringify(sent.ok ? sent.events[n] : null)).toString('base64')
}

export function deadLetter(
  { shardId, sequenceNumber, arrivalMs }: ArrivedRecord,
  { subSequence, data }: Origin,
  reason: DeadLetterReason,
  detail: string,
): DeadLetter {
  return { reason, detail, shardId, sequenceNumber, arrivalMs, subSequence, data: data() }
}
