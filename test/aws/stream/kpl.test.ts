// Tests which user records a KPL-aggregated record holds, and which records are refused.

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { kplUserRecords } from '../../../functions/aws/stream/kpl.ts'
import { bytesField, KPL_MAGIC, kplRecord, kplSealed, kplUserRecord, varintField } from '../../support/kpl.ts'

const MANY = 1000

function read(bytes: Buffer): readonly string[] | string | null {
  const found = kplUserRecords(bytes, MANY)
  if (found === null) return null
  return 'ok' in found ? `${found.reason}: ${found.detail}` : found.map((data) => data.toString())
}

const MALFORMED = 'not-json: KPL record: malformed protobuf'

describe('an aggregated record', () => {
  it('holds the data of its user records, in order', () => {
    expect(read(kplRecord(['one', '', 'x'.repeat(100_000)]))).toEqual(['one', '', 'x'.repeat(100_000)])
  })

  it('may hold no user record', () => expect(read(kplRecord([]))).toEqual([]))

  it('is read by its protobuf definition, byte for byte', () => {
    const keys = '0a01610a0162120131'
    const first = '1a0a080010001a046f6e6521'
    const second = '1a0708011a0374776f'
    expect(read(kplSealed(Buffer.from(keys + first + second, 'hex')))).toEqual(['one!', 'two'])
  })

  it('may have unknown fields of every wire type', () => {
    const unknown = Buffer.concat([
      varintField(7, 300),
      Buffer.concat([Buffer.from([8 * 8 + 1]), Buffer.alloc(8)]),
      Buffer.concat([Buffer.from([8 * 9 + 5]), Buffer.alloc(4)]),
      bytesField(100_000, Buffer.from('x')),
      varintField(3, 5),
    ])
    const record = bytesField(3, Buffer.concat([unknown, kplUserRecord(Buffer.from('one')), unknown]))
    expect(read(kplSealed(Buffer.concat([unknown, record, unknown])))).toEqual(['one'])
  })

  it('is read up to one user record more than the limit', () => {
    const found = kplUserRecords(kplRecord(Array<string>(2 * MANY).fill('x')), MANY)
    expect(found).toHaveLength(MANY + 1)
  })
})

describe('the MD5 at the end', () => {
  it('detects every flipped bit', () => {
    const record = kplRecord(['one'])
    for (let at = KPL_MAGIC.length; at < record.length; at++) {
      const flipped = Buffer.from(record)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      expect(read(flipped)).toBe('not-json: KPL record: its MD5 does not match')
    }
  })

  it.each([4, 5, 19])('is missing in a record of %i bytes', (length) => {
    expect(read(kplRecord(['one']).subarray(0, length))).toBe('not-json: KPL record: its MD5 does not match')
  })

  it('may follow an empty message', () => {
    expect(read(Buffer.concat([KPL_MAGIC, createHash('md5').digest()]))).toEqual([])
  })
})

describe('a record without the magic', () => {
  it.each([[''], ['{}'], ['f3899a'], ['f3899ac3'], ['00f3899ac2']])('is not aggregated: %s', (hex) => {
    expect(read(Buffer.from(hex, 'hex'))).toBeNull()
  })
})

describe('a malformed message', () => {
  it.each([
    ['a field that ends after the message', '1a05aa'],
    ['a length above 2^53', '1affffffffffffffffff01'],
    ['a varint without end', '08ffffffffffffffffffffff01'],
    ['a truncated varint', '08ff'],
    ['a truncated tag', '80'],
    ['a field of number zero', '0000'],
    ['a field number above 2^29', '80808080800100'],
    ['a group', '0b0c'],
    ['an undefined wire type', '0e'],
    ['a truncated value of eight bytes', '0900000000'],
    ['a truncated value of four bytes', '0d0000'],
    ['a user record without data', '1a0408001000'],
    ['a user record with a truncated field', '1a0308001a'],
  ])('is refused although its MD5 is right: %s', (_, hex) => {
    expect(read(kplSealed(Buffer.from(hex, 'hex')))).toBe(MALFORMED)
  })
})
