// Tests how compressed and aggregated records are unpacked.

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../../../functions/aws/stream/record-events.ts'
import { kplRecord } from '../../support/kpl.ts'
import { zstd } from '../../support/packing.ts'
import { details, read, texts } from './read-record.ts'

const MIB = 1024 * 1024

describe('compressed bytes', () => {
  it('are a packed record even when they hold one event', () => {
    expect(read(gzipSync('{"a":1}'))).toEqual([[0, { a: 1 }]])
    expect(texts(gzipSync('{"a":1}'))).toEqual(['{"a":1}'])
  })

  it('may be gzip with several members', () => {
    expect(read(Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"b":2}')]))).toEqual([
      [0, { a: 1 }],
      [1, { b: 2 }],
    ])
  })

  it('are refused whole, as they arrived, when they are truncated or corrupt', () => {
    const whole = gzipSync('{"a":1}')
    const corrupt = Buffer.from(whole)
    corrupt[12] = 0xff
    for (const bytes of [whole.subarray(0, -5), whole.subarray(0, 2), corrupt]) {
      expect(read(bytes)).toEqual([[null, 'not-json']])
      expect(details(bytes)).toEqual(['not-json: gzip: corrupt or truncated'])
      expect(recordEvents(bytes).events[0]?.data()).toBe(bytes.toString('base64'))
    }
  })

  it('are inflated once only', () => {
    expect(read(gzipSync(gzipSync('{}')))).toEqual([[0, 'not-json']])
    expect(read(gzipSync(kplRecord(['{}'])))).toEqual([[0, 'not-json']])
  })

  it.skipIf(zstd !== null)('are refused whole when they are zstd and Node lacks zstd', () => {
    const sent = Buffer.from('28b52ffd240729000047a7b3', 'hex')
    expect(details(sent)).toEqual(['not-json: zstd needs Node 22.15 or newer'])
    expect(details(kplRecord(['{}', sent]))).toEqual(['not-json: zstd needs Node 22.15 or newer'])
    expect(recordEvents(kplRecord([sent])).events[0]?.subSequence).toBeNull()
  })

  describe.skipIf(zstd === null)('in zstd', () => {
    it('are read, and refused whole when they are corrupt', () => {
      const sent = zstd?.(Buffer.from('{"a":1}\n{"b":2}')) ?? Buffer.of()
      expect(read(sent)).toEqual([
        [0, { a: 1 }],
        [1, { b: 2 }],
      ])
      for (let length = 4; length < sent.length; length++) {
        expect(details(sent.subarray(0, length))).toEqual(['not-json: zstd: corrupt or truncated'])
      }
      expect(read(Buffer.concat([sent, sent]))).toHaveLength(3)
    })

    it('are inflated no further than a record may hold, whatever window they demand', () => {
      const bomb = zstd?.(Buffer.alloc(64 * MIB)) ?? Buffer.of()
      expect(read(bomb)).toEqual([[null, 'too-large']])
      const windowOfGigabytes = Buffer.from('28b52ffd00a8010000', 'hex')
      expect(read(windowOfGigabytes)).toEqual([[null, 'too-large']])
    })
  })
})

describe('a KPL record', () => {
  it('holds user records, each of which may hold anything but user records', () => {
    const userRecords = ['{"a":1}', '[{"b":2},{"c":3}]', '{"d":4}\n{"e":5}', gzipSync('[{"f":6}]')]
    expect(read(kplRecord(userRecords))).toEqual(
      [{ a: 1 }, { b: 2 }, { c: 3 }, { d: 4 }, { e: 5 }, { f: 6 }].map((value, subSequence) => [subSequence, value]),
    )
    expect(read(kplRecord(['{}', kplRecord(['{}'])]))).toEqual([
      [0, {}],
      [1, 'not-json'],
    ])
  })

  it('rejects an unreadable user record alone, as it arrived', () => {
    const corrupt = gzipSync('{}').subarray(0, -5)
    const { events: unpacked } = recordEvents(kplRecord(['{}', corrupt, '', '{}']))
    expect(unpacked.map((event) => [event.subSequence, event.read().ok])).toEqual([
      [0, true],
      [1, false],
      [2, false],
      [3, true],
    ])
    expect(unpacked[1]?.data()).toBe(corrupt.toString('base64'))
  })

  it('is refused whole when its MD5 does not match', () => {
    const record = kplRecord(['{"a":1}\n{"b":2}\n{"c":3}'])
    record[record.length - 1] = (record.at(-1) ?? 0) ^ 1
    expect(details(record)).toEqual(['not-json: KPL record: its MD5 does not match'])
    expect(recordEvents(record).events[0]?.data()).toBe(record.toString('base64'))
  })
})
