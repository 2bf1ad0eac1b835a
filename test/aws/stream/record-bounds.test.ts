// Tests that a record which unpacks to too much is refused whole.

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { RECORD_EVENTS_MAX } from '../../../functions/aws/stream/payload-events.ts'
import { RECORD_BYTES_MAX, recordEvents } from '../../../functions/aws/stream/record-events.ts'
import { kplRecord } from '../../support/kpl.ts'
import { read } from './read-record.ts'

const MIB = 1024 * 1024

describe('a bomb', () => {
  const spaces = gzipSync(Buffer.alloc(RECORD_BYTES_MAX, ' '))

  it.each<[string, () => Buffer]>([
    ['bytes in gzip', () => gzipSync(Buffer.alloc(RECORD_BYTES_MAX + 1))],
    ['bytes in gzip in KPL', () => kplRecord([spaces, '{}'])],
    ['bytes in one event, which could not be redriven alone', () => gzipSync(`{}\n${'x'.repeat(MIB + 1)}`)],
    ['bytes as they are', () => Buffer.alloc(RECORD_BYTES_MAX + 1, '{}\n')],
    ['elements', () => Buffer.from(`[${'{},'.repeat(RECORD_EVENTS_MAX)}{}]`)],
    ['elements in gzip', () => gzipSync(`[${'0,'.repeat(4_000_000)}0]`)],
    ['lines', () => Buffer.from('{}\n'.repeat(RECORD_EVENTS_MAX + 1))],
    ['user records', () => kplRecord(Array<string>(RECORD_EVENTS_MAX + 1).fill('[]'))],
    ['events in user records', () => kplRecord([`[${'{},'.repeat(RECORD_EVENTS_MAX - 1)}{}]`, '{}'])],
  ])('is refused whole as too large when it holds too many %s', (_, make) => {
    const bomb = make()
    const unpacked = recordEvents(bomb)
    expect(read(bomb)).toEqual([[null, 'too-large']])
    expect(unpacked.events[0]?.data()).toBe(bomb.toString('base64'))
    expect(unpacked.bytes).toBe(RECORD_BYTES_MAX)
  })

  it('is read when it stays within the limits', () => {
    const kilobyte = `{"query":"${'x'.repeat(1011)}"}\n`
    const full = gzipSync(kilobyte.repeat(RECORD_BYTES_MAX / kilobyte.length))
    expect(read(full)).toHaveLength(8 * 1024)
    expect(recordEvents(full).bytes).toBe(RECORD_BYTES_MAX)
    expect(read(`[${'{},'.repeat(RECORD_EVENTS_MAX - 1)}{}]`)).toHaveLength(RECORD_EVENTS_MAX)
    expect(read('{}\n'.repeat(RECORD_EVENTS_MAX))).toHaveLength(RECORD_EVENTS_MAX)
  })
})

describe('a record with many corrupt parts', () => {
  const corrupt = gzipSync('x'.repeat(1000)).fill(0, 12)
  const kplOf = (count: number) => recordEvents(kplRecord(Array.from({ length: count }, () => corrupt)))

  it('counts the bytes to which it may have inflated', () => {
    expect(recordEvents(corrupt).bytes).toBe(RECORD_BYTES_MAX)
    expect(kplOf(8).bytes).toBeGreaterThan(8 * RECORD_BYTES_MAX)
  })

  it('is refused whole before it inflates too much', () => {
    expect(kplOf(8).events).toHaveLength(8)
    expect(kplOf(9).events).toHaveLength(1)
    expect(kplOf(1000)).toMatchObject({ bytes: 9 * RECORD_BYTES_MAX, events: { length: 1 } })
  })
})
