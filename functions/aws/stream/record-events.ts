// Unpacks the events of a record (E1), which may be compressed, aggregated, an array or lines.

import type { Rejection } from '../../domain/events/decode.ts'
import type { ArrivedRecord, RecordEvents, UnpackedEvent } from '../../ports.ts'
import { inflate, ZSTD_UNSUPPORTED } from './inflate.ts'
import { kplUserRecords } from './kpl.ts'
import { type EventText, parseBytes, payloadEvents, RECORD_EVENTS_MAX } from './payload-events.ts'

/**
 * A Kinesis record has at most 1 MiB, and events compress to about an eighth. A record that
 * inflates to more is hostile.
 */
export const RECORD_BYTES_MAX = 8 * 1024 * 1024
/**
 * The most that a Kinesis record holds. A rejected event of more bytes could not be redriven
 * alone.
 */
const ALONE_BYTES_MAX = 1024 * 1024
/**
 * A corrupt payload may inflate to the limit before zlib finds out, so a record may hold only so
 * many.
 */
const CORRUPT_MAX = 8
/**
 * The parsed events of a record of up to so many bytes stay in memory; those of a larger one are
 * parsed again.
 */
const RETAINED_BYTES_MAX = 1024 * 1024

/**
 * Unpacks a record, or takes an event that is redriven alone as it is: one event, which is not
 * unpacked.
 */
export function unpackRecord({ data, subSequence }: Pick<ArrivedRecord, 'data' | 'subSequence'>): RecordEvents {
  const bytes = Buffer.from(data, 'base64')
  if (subSequence === null) return recordEvents(bytes)
  return { bytes: bytes.length, events: [{ read: () => parseBytes(bytes), subSequence, data: () => data }] }
}

/**
 * Returns at most `RECORD_EVENTS_MAX` events, in order. A record that cannot be unpacked becomes
 * one rejection, with the record as it arrived.
 *
 *     record -> KPL user records, if aggregated -> inflate each -> array, one JSON text or lines
 */
export function recordEvents(bytes: Buffer): RecordEvents {
  const userRecords = kplUserRecords(bytes, RECORD_EVENTS_MAX)
  if (userRecords !== null && 'ok' in userRecords) return refused(bytes, userRecords)
  const payloads = userRecords ?? [bytes]
  if (payloads.length > RECORD_EVENTS_MAX) return refused(bytes, tooMany())
  const found: EventText[] = []
  let isPacked = userRecords !== null
  let unpackedBytes = 0
  let corrupt = 0
  for (const payload of payloads) {
    const inflated = inflate(payload, RECORD_BYTES_MAX - unpackedBytes)
    if (!inflated.ok) {
      if (userRecords === null || inflated === ZSTD_UNSUPPORTED || inflated.reason === 'too-large') {
        return refused(bytes, inflated, 1)
      }
      corrupt++
      if (corrupt > CORRUPT_MAX) return refused(bytes, { ...inflated, detail: 'too much of it is corrupt' }, corrupt)
      found.push({ read: () => inflated, bytes: () => payload, size: payload.length })
      continue
    }
    unpackedBytes += inflated.bytes.length
    const inside = payloadEvents(inflated.bytes, unpackedBytes <= RETAINED_BYTES_MAX)
    if (inside === null || found.length + inside.events.length > RECORD_EVENTS_MAX) return refused(bytes, tooMany())
    isPacked ||= inflated.wasCompressed || inside.isPacked
    if (isPacked && inside.events.some(isTooLargeAlone)) return refused(bytes, tooLargeAlone())
    for (const event of inside.events) found.push(event)
  }
  const weight = Math.max(unpackedBytes, bytes.length) + corrupt * RECORD_BYTES_MAX
  return { bytes: weight, events: found.map((event, n) => toUnpacked(event, isPacked, n)) }
}

function toUnpacked({ read, bytes }: EventText, isPacked: boolean, n: number): UnpackedEvent {
  return { read, subSequence: isPacked ? n : null, data: () => bytes().toString('base64') }
}

/**
 * @param inflations how many payloads may have been inflated to the limit before the record was
 * refused.
 */
function refused(
  bytes: Buffer,
  rejection: Rejection,
  inflations = rejection.reason === 'too-large' ? 1 : 0,
): RecordEvents {
  const weight = inflations === 0 ? bytes.length : inflations * RECORD_BYTES_MAX
  return { bytes: weight, events: [{ read: () => rejection, subSequence: null, data: () => bytes.toString('base64') }] }
}

function tooMany(): Rejection {
  return { ok: false, reason: 'too-large', detail: `more than ${RECORD_EVENTS_MAX} events in one record` }
}

function isTooLargeAlone({ read, size }: EventText): boolean {
  return size > ALONE_BYTES_MAX && !read().ok
}

function tooLargeAlone(): Rejection {
  return { ok: false, reason: 'too-large', detail: `an event in it is larger than ${ALONE_BYTES_MAX} bytes` }
}
