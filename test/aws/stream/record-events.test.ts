// Tests that a record's events come out in order, however they are packed.

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RECORD_EVENTS_MAX } from '../../../functions/aws/stream/payload-events.ts'
import { RECORD_BYTES_MAX, recordEvents, unpackRecord } from '../../../functions/aws/stream/record-events.ts'
import { EVENT_CHARACTERS_MAX } from '../../../functions/domain/events/decode.ts'
import { kplRecord } from '../../support/kpl.ts'
import { packing } from '../../support/packing.ts'
import { SEED } from '../../support/random-log.ts'
import { read, texts } from './read-record.ts'

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

  it('have subsequence numbers from 0, and can each be redriven alone', () => {
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

describe('an event that is redriven alone', () => {
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
