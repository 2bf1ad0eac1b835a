// A batch of records in, the events that they hold by user, what is none, and how far the batch was taken out.

import { decodeEvent, type Parsed, type Rejection, type RejectReason } from '../domain/events/decode.ts'
import type { Arrival } from '../domain/events/event.ts'
import { sentEvents } from '../domain/events/formats/sent-events.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import type { ArrivedRecord, DeadLetter, UnpackedEvent } from '../ports.ts'
import type { IngestPorts } from './ingest.ts'

/** An arrival that remembers where it came from. */
export interface ArrivedEvent extends Arrival {
  readonly record: ArrivedRecord
  readonly origin: Origin
  /** Place of the record in the batch. */
  readonly index: number
}

type Origin = Pick<UnpackedEvent, 'subSequence' | 'data'>

/** Unpacked bytes after which no further record is taken: six megabytes of a batch may hold gigabytes. */
export const BATCH_BYTES_MAX = 32 * 1024 * 1024
/** The same for events: each may be of another user, and a user is a read and a write. */
export const BATCH_EVENTS_MAX = 20_000

export interface DecodedBatch {
  readonly byUser: ReadonlyMap<string, ArrivedEvent[]>
  readonly unreadable: readonly DeadLetter[]
  /** Documents that stand for no event. */
  readonly ignored: number
  /** How many records are in it: those after are not even unpacked. */
  readonly taken: number
}

export function decodeRecords(
  records: readonly ArrivedRecord[],
  { unpack, pseudonym, digest }: Pick<IngestPorts, 'unpack' | 'pseudonym' | 'digest'>,
  rules: Rules,
): DecodedBatch {
  const byUser = new Map<string, ArrivedEvent[]>()
  const unreadable: DeadLetter[] = []
  let [bytes, count, ignored] = [0, 0, 0]
  for (const [index, record] of records.entries()) {
    if (bytes >= BATCH_BYTES_MAX || count >= BATCH_EVENTS_MAX) return { byUser, unreadable, ignored, taken: index }
    const unpacked = unpack(record)
    bytes += unpacked.bytes
    for (const { origin, read } of eventsOf(unpacked.events)) {
      count++
      if (read === null) {
        ignored++
        continue
      }
      const { arrivalMs } = record
      const decoded = read.ok ? decodeEvent(read.value, arrivalMs, rules.maxClockSkewMs, digest) : read
      if (!decoded.ok) {
        unreadable.push(deadLetter(record, origin, decoded.reason, decoded.detail))
        continue
      }
      const user = pseudonym(decoded.user)
      const arrivals = byUser.get(user) ?? []
      arrivals.push({ event: decoded.event, arrivalMs, record, origin, index })
      byUser.set(user, arrivals)
    }
  }
  return { byUser, unreadable, ignored, taken: records.length }
}

interface OriginatedEvent {
  readonly origin: Origin
  /** Null where the document stands for no event. */
  readonly read: Parsed | Rejection | null
}

/**
 * A document of another format may stand for two events. Each is then kept for itself where it is refused, as the event
 * of ours that it is and with a place of its own, so that one of them can be sent again without the other.
 */
function* eventsOf(documents: readonly UnpackedEvent[]): Generator<OriginatedEvent> {
  let before = 0
  for (const { read, subSequence, data } of documents) {
    const parsed = read()
    const sent = parsed.ok ? sentEvents(parsed.value) : parsed
    const at = subSequence === null ? null : subSequence + before
    if (!sent.ok) yield { origin: { subSequence: at, data }, read: sent }
    else if (sent.events.length === 0) yield { origin: { subSequence: at, data }, read: null }
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

/** Read again, since what was parsed is not kept for the few that are refused. Base64. */
function partOf(read: UnpackedEvent['read'], n: number): string {
  const parsed = read()
  const sent = parsed.ok ? sentEvents(parsed.value) : parsed
  return Buffer.from(JSON.stringify(sent.ok ? sent.events[n] : null)).toString('base64')
}

export function deadLetter(
  { shardId, sequenceNumber, arrivalMs }: ArrivedRecord,
  { subSequence, data }: Origin,
  reason: RejectReason,
  detail: string,
): DeadLetter {
  return { reason, detail, shardId, sequenceNumber, arrivalMs, subSequence, data: data() }
}
