// Tests that a record's events come out in order however they are packed, and that harmful records
// stay within bounds.

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RECORD_EVENTS_MAX } from '../../../functions/aws/stream/payload-events.ts'
import { RECORD_BYTES_MAX, recordEvents, unpackRecord } from '../../../functions/aws/stream/record-events.ts'
import { EVENT_CHARACTERS_MAX } from '../../../functions/domain/events/decode.ts'
import { kplRecord } from '../../support/kpl.ts'
import { packing, zstd } from '../../support/packing.ts'
import { SEED } from '../../support/random-log.ts'

const MIB = 1024 * 1024

/** Returns the subsequence number of each event, with its JSON or the reason for its rejection. */
function read(sent: string | Buffer): unknown[] {
  return recordEvents(Buffer.from(sent)).events.map((event) => {
    const parsed = event.read()
    return [event.subSequence, parsed.ok ? parsed.value : parsed.reason]
  })
}

function texts(sent: string | Buffer): string[] {
  return recordEvents(Buffer.from(sent)).events.map(({ data }) => Buffer.from(data(), 'base64').toString())
}

function details(sent: Buffer): string[] {
  return recordEvents(sent).events.map((event) => {
    const parsed = event.read()
    return parsed.ok ? 'JSON' : `${parsed.reason}: ${parsed.detail}`
  })
}

/**
 * Objects with everything that could break a packing: line breaks, brackets, quotes, other scripts.
 */
const events = fc
  .array(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue(), { maxKeys: 4 }), { maxLength: 12 })
  .map((objects) => objects.map((object) => JSON.stringify(object)))

describe('the events of a record', () => {
  it('are the same in the same order, however they are packed', () => {
    fc.assert(
      fc.property(events, packing, (sent, pack) => {
        const unpacked = recordEvents(pack(sent)).events
        expect(unpacked.map((event) => event.read())).toEqual(
          sent.map((text) => ({ ok: true, value: JSON.parse(text) })),
        )
      }),
      { seed: SEED, numRuns: 2000 },
    )
  })

  it('have subsequence numbers from 0, and can each be sent again alone', () => {
    fc.assert(
      fc.property(events, packing, (sent, pack) => {
        const { events: unpacked } = recordEvents(pack(sent))
        if (unpacked.length === 1 && unpacked[0]?.subSequence === null) return
        expect(unpacked.map(({ subSequence }) => subSequence)).toEqual(sent.map((_, n) => n))
        for (const event of unpacked) {
          const [again, ...others] = unpackRecord({ data: event.data(), subSequence: event.subSequence }).events
          expect([again?.subSequence, again?.read(), others]).toEqual([event.subSequence, event.read(), []])
        }
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('stay within all bounds, whatever bits of the record are wrong or missing', () => {
    const damage = fc.record({
      length: fc.nat(),
      flips: fc.array(fc.nat(), { maxLength: 3 }),
      isTruncated: fc.boolean(),
    })
    fc.assert(
      fc.property(events, packing, damage, (sent, pack, { length, flips, isTruncated }) => {
        const whole = Buffer.from(pack(sent))
        for (const bit of flips) {
          const at = (bit >> 3) % whole.length
          whole[at] = (whole[at] ?? 0) ^ (1 << (bit & 7))
        }
        const bytes = isTruncated ? whole.subarray(0, length % whole.length) : whole
        const unpacked = recordEvents(bytes)
        expect(unpacked.events.length).toBeLessThanOrEqual(RECORD_EVENTS_MAX)
        expect(unpacked.bytes).toBeLessThanOrEqual(RECORD_BYTES_MAX)
        for (const { data } of unpacked.events) expect(data().length).toBeLessThan(RECORD_BYTES_MAX)
      }),
      { seed: SEED, numRuns: 5000 },
    )
  })
})

describe('a record that is not packed', () => {
  it.each<[string, string, unknown]>([
    ['an object', '{"a":1}', { a: 1 }],
    ['an object over several lines', '{\n  "a": 1\n}\n', { a: 1 }],
    ['an object after a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    ['a number', '7', 7],
    ['nothing', '', 'not-json'],
    ['a line break', '\r\n\n', 'not-json'],
    ['two objects in one line', '{}{}', 'not-json'],
    ['a truncated object', '{"a":', 'not-json'],
    ['a truncated array', '[{"a":1},{"b"', 'not-json'],
    ['an array with a bad element', '[{"a":1},{b}]', 'not-json'],
    ['lines without an object', 'bad\n7\n[{}]\n', 'not-json'],
    ['a truncated object over several lines', '{\n  "a": 1,\n  "b": {\n', 'not-json'],
    ['an object that would replace its prototype', '{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}')],
  ])('is one event, or one rejection, as it arrived: %s', (_, sent, value) => {
    expect(read(sent)).toEqual([[null, value]])
    expect(texts(sent)).toEqual([sent])
  })

  it.each([
    ['a byte that begins no character', [0x7b, 0xff, 0x7d]],
    ['a truncated character', [0xe6, 0xa4]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a character that is longer than necessary', [0xc0, 0xaf]],
    ['zlib, which is never inflated', [0x78, 0x9c, 0x0a]],
  ])('is rejected byte for byte as it arrived when it is no UTF-8: %s', (_, bytes) => {
    expect(read(Buffer.from(bytes))).toEqual([[null, 'not-json']])
    expect(recordEvents(Buffer.from(bytes)).events[0]?.data()).toBe(Buffer.from(bytes).toString('base64'))
  })

  it('is too large when it exceeds the longest event, over one line or many', () => {
    const long = { query: 'x'.repeat(EVENT_CHARACTERS_MAX) }
    expect(read(JSON.stringify(long))).toEqual([[null, 'too-large']])
    expect(read(JSON.stringify(long, null, 2))).toEqual([[null, 'too-large']])
  })
})

describe('an array', () => {
  it('holds no event when it is empty', () => {
    expect(read('[]')).toEqual([])
    expect(read(' [ \n ] ')).toEqual([])
    expect(read(gzipSync('[]'))).toEqual([])
    expect(read(kplRecord(['[]', '{}']))).toEqual([[0, {}]])
  })

  it('is one event for each element, whatever the element is', () => {
    const long = `{"query":"${'x'.repeat(EVENT_CHARACTERS_MAX)}"}`
    const sent = ['{"a":1}', '7', '[{"a":1}]', long, '{"b":2}']
    expect(read(`[${sent.join(',')}]`)).toEqual([
      [0, { a: 1 }],
      [1, 7],
      [2, [{ a: 1 }]],
      [3, 'too-large'],
      [4, { b: 2 }],
    ])
    expect(texts(`[${sent.join(',')}]`)).toEqual(sent)
  })

  it('holds the same events however large the record is', () => {
    const sent = Array.from({ length: 5000 }, (_, n) => ({ n, query: 'x'.repeat(500) }))
    expect(read(gzipSync(JSON.stringify(sent)))).toEqual(sent.map((event, subSequence) => [subSequence, event]))
  })

  it('is one event when it is a hundred thousand brackets deep', () => {
    expect(read(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toHaveLength(1)
  })
})

describe('lines', () => {
  it('are read each alone: a good line is an event, a bad one a rejection, and a blank one nothing', () => {
    const broken = Buffer.from([0x7b, 0xff, 0x7d])
    const sent = Buffer.concat([Buffer.from('{"a":1}\r\n\n{"b"\n'), broken, Buffer.from('\n7\n \t\n{"c":3}')])
    expect(read(sent)).toEqual([
      [0, { a: 1 }],
      [1, 'not-json'],
      [2, 'not-json'],
      [3, 7],
      [4, { c: 3 }],
    ])
    expect(recordEvents(sent).events[2]?.data()).toBe(broken.toString('base64'))
  })

  it('may each be as long as the longest event', () => {
    const long = JSON.stringify({ query: 'x'.repeat(EVENT_CHARACTERS_MAX - 100) })
    const longer = JSON.stringify({ query: 'x'.repeat(EVENT_CHARACTERS_MAX) })
    expect(read([long, longer, '{}'].join('\n')).map((event) => (event as unknown[])[1])).toEqual([
      JSON.parse(long),
      'too-large',
      {},
    ])
  })
})

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

describe('a bomb', () => {
  const spaces = gzipSync(Buffer.alloc(RECORD_BYTES_MAX, ' '))

  it.each<[string, () => Buffer]>([
    ['bytes in gzip', () => gzipSync(Buffer.alloc(RECORD_BYTES_MAX + 1))],
    ['bytes in gzip in KPL', () => kplRecord([spaces, '{}'])],
    ['bytes in one event, which could not be sent again alone', () => gzipSync(`{}\n${'x'.repeat(MIB + 1)}`)],
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

describe('an event that is sent again alone', () => {
  const again = (sent: Buffer) => unpackRecord({ data: sent.toString('base64'), subSequence: 7 })

  it('has the subsequence number that it had in its record', () => {
    const { events: unpacked } = again(Buffer.from('{}'))
    expect(unpacked.map((event) => [event.subSequence, event.read()])).toEqual([[7, { ok: true, value: {} }]])
  })

  it.each([['[{}]'], ['{}\n{}'], [gzipSync('{}')], [kplRecord(['{}'])]])(
    'is one event, and is not unpacked: %#',
    (sent) => {
      const { events: unpacked } = again(Buffer.from(sent))
      expect(unpacked).toHaveLength(1)
      expect(unpacked[0]?.data()).toBe(Buffer.from(sent).toString('base64'))
    },
  )
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
