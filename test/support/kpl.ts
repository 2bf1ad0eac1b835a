// Aggregates user records into one record, as the Kinesis Producer Library (KPL) does.

import { createHash } from 'node:crypto'

export const KPL_MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2])

/** Includes the table of partition keys that the KPL writes, although ingest does not read it. */
export function kplRecord(userRecords: readonly (string | Buffer)[]): Buffer {
  const keys = [bytesField(1, Buffer.from('ann')), bytesField(2, Buffer.from('12345678901234567890'))]
  const records = userRecords.map((data) => bytesField(3, kplUserRecord(Buffer.from(data))))
  return kplSealed(Buffer.concat([...keys, ...records]))
}

/** Puts a message between the magic number and its digest. */
export function kplSealed(message: Buffer): Buffer {
  return Buffer.concat([KPL_MAGIC, message, createHash('md5').update(message).digest()])
}

export function kplUserRecord(data: Buffer): Buffer {
  const tag = bytesField(4, bytesField(1, Buffer.from('tag')))
  return Buffer.concat([varintField(1, 0), varintField(2, 0), bytesField(3, data), tag])
}

export function bytesField(number: number, value: Buffer): Buffer {
  return Buffer.concat([varint(8 * number + 2), varint(value.length), value])
}

export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(8 * number), varint(value)])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80)
  return Buffer.from([...bytes, rest])
}
