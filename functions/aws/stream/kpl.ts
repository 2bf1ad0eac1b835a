// Reads the user records in a record that the Kinesis Producer Library (KPL) has aggregated.

import { createHash } from 'node:crypto'
import type { Rejection } from '../../domain/events/decode.ts'

/*
 * An aggregated record is a protobuf message between a magic number and a digest:
 *
 *     f3 89 9a c2 | AggregatedRecord                           | MD5 of the message, 16 bytes
 *                   1: partition key, repeated
 *                   2: explicit hash key, repeated
 *                   3: Record, repeated: one for each user record
 *                      1: index of its partition key
 *                      2: index of its hash key
 *                      3: data
 *                      4: tag, repeated
 *
 * Each field is a varint, `8 * field number + wire type`, and then its value. `1a 02 7b 7d` is
 * field 3, of wire type 2 (length-delimited), with two bytes: `{}`.
 */
const MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2])
const DIGEST_BYTES = 16

/**
 * The field of an `AggregatedRecord` that holds the records, and the field of a `Record` that holds
 * its data.
 */
const RECORDS = 3
const DATA = 3

/** The length of a varint of 64 bits. */
const VARINT_BYTES_MAX = 10
/** Wire types. The KPL never wrote groups (3 and 4). */
const VARINT = 0
const EIGHT_BYTES = 1
const LENGTH_DELIMITED = 2
const FOUR_BYTES = 5

/**
 * Returns the data of each user record, in order, or null for a record that the KPL has not
 * aggregated. Returns at most `recordsMax + 1` user records: the last one shows that there are too
 * many.
 */
export function kplUserRecords(bytes: Buffer, recordsMax: number): readonly Buffer[] | Rejection | null {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null
  const body = bytes.subarray(MAGIC.length, Math.max(MAGIC.length, bytes.length - DIGEST_BYTES))
  const digest = createHash('md5').update(body).digest()
  if (!bytes.subarray(MAGIC.length + body.length).equals(digest)) return malformed('its MD5 does not match')
  const records: Buffer[] = []
  let areWhole = true
  const isWhole = readFields(body, (field, value) => {
    if (field !== RECORDS || records.length > recordsMax) return
    const data = readData(value)
    if (data === null) areWhole = false
    else records.push(data)
  })
  return isWhole && areWhole ? records : malformed('malformed protobuf')
}

function malformed(detail: string): Rejection {
  return { ok: false, reason: 'not-json', detail: `KPL record: ${detail}` }
}

function readData(record: Buffer): Buffer | null {
  let data: Buffer | null = null
  const isWhole = readFields(record, (field, value) => {
    if (field === DATA) data = value
  })
  return isWhole ? data : null
}

/**
 * Calls `onBytes` for each length-delimited field, and skips the others. Returns false for a
 * malformed message.
 */
function readFields(message: Buffer, onBytes: (field: number, value: Buffer) => void): boolean {
  let at = 0
  while (at < message.length) {
    const tag = readVarint(message, at)
    if (tag === null || tag.value < 8 || tag.value >= 2 ** 32) return false
    const field = Math.floor(tag.value / 8)
    const value = readValue(message, tag.end, tag.value % 8)
    if (value === null) return false
    if (value.bytes !== null) onBytes(field, value.bytes)
    at = value.end
  }
  return true
}

/** Returns null where the value is malformed or ends after the message. */
function readValue(message: Buffer, at: number, wireType: number): { bytes: Buffer | null; end: number } | null {
  if (wireType === VARINT) {
    const varint = readVarint(message, at)
    return varint && { bytes: null, end: varint.end }
  }
  const fixed = wireType === EIGHT_BYTES ? 8 : wireType === FOUR_BYTES ? 4 : null
  if (fixed !== null) return at + fixed > message.length ? null : { bytes: null, end: at + fixed }
  const length = wireType === LENGTH_DELIMITED ? readVarint(message, at) : null
  if (length === null || length.value > message.length - length.end) return null
  const end = length.end + length.value
  return { bytes: message.subarray(length.end, end), end }
}

/**
 * Returns a value that loses digits above 2^53. A tag or a length that large is malformed anyway.
 */
function readVarint(message: Buffer, start: number): { value: number; end: number } | null {
  let value = 0
  for (let n = 0; n < VARINT_BYTES_MAX; n++) {
    const byte = message[start + n]
    if (byte === undefined) return null
    value += (byte & 0x7f) * 2 ** (7 * n)
    if (byte < 0x80) return { value, end: start + n + 1 }
  }
  return null
}
