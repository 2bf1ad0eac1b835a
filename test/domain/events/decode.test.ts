// Tests that the decoder accepts what the fields allow (E1), and gives a reason for the rest (E3).

import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { MINUTE_MS } from '../../../functions/domain/durations.ts'
import {
  type Decoded,
  decodeEvent,
  EVENT_CHARACTERS_MAX,
  parseEvent,
  type Rejection,
} from '../../../functions/domain/events/decode.ts'
import { at, RULES } from '../../support/events.ts'

const NOW_MS = at(0)

function decode(sent: unknown): Decoded | Rejection {
  const parsed = parseEvent(typeof sent === 'string' ? sent : JSON.stringify(sent))
  return parsed.ok ? decodeEvent(parsed.value, NOW_MS, RULES, sha256) : parsed
}

function reasonOf(sent: unknown): string {
  const decoded = decode(sent)
  return decoded.ok ? 'accepted' : decoded.reason
}

function eventOf(sent: unknown): Decoded['event'] {
  const decoded = decode(sent)
  if (!decoded.ok) throw new Error(`${decoded.reason}: ${decoded.detail}`)
  return decoded.event
}

const SEARCH = { type: 'Search', user: 'ann', query: 'dogs' }
const UNSET =
  'is before 2000-01-01T00:00:00.000Z, like the time of a clock that is not set; send epoch milliseconds or ISO 8601, or no time'
const CLICK = { type: 'ClickResult', user: 'ann', item: 'rover' }
const RESULTS = { type: 'Results', user: 'ann', items: ['rover'] }

describe('a text', () => {
  it.each([
    ['not JSON', '{', 'not-json'],
    ['nothing', '', 'not-json'],
    ['two objects', '{}{}', 'not-json'],
    ['a text', '"Search"', 'not-an-event'],
    ['a number', '7', 'not-an-event'],
    ['null', 'null', 'not-an-event'],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'not-an-event'],
    ['an empty object', {}, 'missing-field'],
    ['a prototype in disguise', '{"__proto__":{"type":"Search","user":"ann","query":"x"}}', 'missing-field'],
    ['an event of a megabyte', { ...SEARCH, query: 'x'.repeat(1_000_000) }, 'too-large'],
  ])('rejects %s for its own reason', (_, sent, reason) => {
    expect(reasonOf(sent)).toBe(reason)
  })

  it('accepts the largest event that the fields allow', () => {
    const items = Array.from({ length: 1000 }, (_, n) => String(n).padStart(512, 'x'))
    const text = JSON.stringify({ ...RESULTS, items })
    expect(text.length).toBeLessThan(EVENT_CHARACTERS_MAX)
    expect(reasonOf(text)).toBe('accepted')
  })

  it('ignores unknown fields', () => {
    expect(eventOf({ ...SEARCH, eventId: 'e', colour: 'red', __proto__x: 1 })).toEqual(
      eventOf({ ...SEARCH, eventId: 'e' }),
    )
  })

  it('takes null for an absent field', () => {
    const nulls = { searchId: null, eventId: null, time: null }
    expect(eventOf({ ...SEARCH, ...nulls })).toEqual(eventOf(SEARCH))
    expect(reasonOf({ ...SEARCH, query: null })).toBe('missing-field')
  })
})

describe('type and user', () => {
  it.each([
    [{ user: 'ann' }, 'missing-field'],
    [{ type: 'search', user: 'ann', query: 'x' }, 'unknown-type'],
    [{ type: 'Purchase', user: 'ann' }, 'unknown-type'],
    [{ type: 7, user: 'ann' }, 'unknown-type'],
    [{ type: 'toString', user: 'ann' }, 'unknown-type'],
    [{ type: 'AppOpen' }, 'missing-field'],
    [{ type: 'AppOpen', user: '' }, 'invalid-field'],
    [{ type: 'AppOpen', user: true }, 'invalid-field'],
    [{ type: 'AppOpen', user: {} }, 'invalid-field'],
    [{ type: 'AppOpen', user: 1.5 }, 'invalid-field'],
    [{ type: 'AppOpen', user: 2 ** 53 }, 'invalid-field'],
    [{ type: 'AppOpen', user: 'x'.repeat(257) }, 'invalid-field'],
    [{ type: 'AppOpen', user: 'x'.repeat(256) }, 'accepted'],
    [{ type: 'AppOpen', user: '😀'.repeat(256) }, 'accepted'],
    [{ type: 'AppOpen', user: '😀'.repeat(257) }, 'invalid-field'],
    ['{"type":"AppOpen","user":"\\ud83d"}', 'invalid-field'],
    [{ type: 'AppOpen', user: -3 }, 'accepted'],
  ])('decides whether type and user of %j are valid: %s', (sent, reason) => {
    expect(reasonOf(sent)).toBe(reason)
  })

  it.each([
    'null',
    'NULL',
    'undefined',
    'Undefined',
    'NaN',
    '[object Object]',
    ' ',
    '\t\n',
    '\u00a0',
    ' null ',
    '00000000-0000-0000-0000-000000000000',
    '{00000000-0000-0000-0000-000000000000}',
    '0'.repeat(32),
  ])('rejects the user %j, who stands for no one (E5)', (user) => {
    const detail = 'user: stands for no one, as null or a UUID of zeros does'
    expect(decode({ ...SEARCH, user })).toEqual({ ok: false, reason: 'invalid-field', detail })
  })

  it.each(['nullable', 'Nancy', '0', '00000000', 'object', 'anonymous', '00000000-0000-0000-0000-000000000001', 'n'])(
    'accepts the user %j, who only resembles no one',
    (user) => expect(reasonOf({ ...SEARCH, user })).toBe('accepted'),
  )

  it('reads integer ids as their digits (E5)', () => {
    const digits = { eventId: '1', searchId: '2', item: '3' }
    expect(eventOf({ ...CLICK, eventId: 1, searchId: 2, item: 3 })).toEqual(eventOf({ ...CLICK, ...digits }))
    const lists = [
      ['3', '4'],
      [3, 4],
    ].map((items) => eventOf({ ...RESULTS, eventId: 'e', items }))
    expect(lists[0]).toEqual(lists[1])
  })

  it('reads an integer user as its decimal string', () => {
    const decoded = decode({ type: 'AppOpen', user: 42 })
    expect(decoded).toMatchObject({ ok: true, user: '42' })
  })
})

describe('the type', () => {
  it.each([{ events: [SEARCH] }, { Records: [SEARCH, SEARCH] }, { count: 1, data: [{}] }])(
    'names the list in an object that wraps events: %j',
    (sent) => {
      const detail = 'type: required; the object wraps a list: send the array of events alone'
      expect(decode(sent)).toEqual({ ok: false, reason: 'missing-field', detail })
    },
  )

  it.each([{}, { events: [] }, { items: ['a'] }, { events: {} }])(
    'is required in an object without a list: %j',
    (sent) => {
      expect(decode(sent)).toEqual({ ok: false, reason: 'missing-field', detail: 'type: required' })
    },
  )
})

describe('the time', () => {
  it.each([
    ['2026-03-02T00:00:00Z', 0],
    ['2026-03-02T00:00:00.123456Z', 123],
    ['2026-03-02T00:00:00,5Z', 500],
    ['2026-03-02T02:00:00+02:00', 0],
    ['2026-03-01T19:30:00-0430', 0],
    ['2026-03-02T01:00+01', 0],
    ['2026-03-02t00:00:00z', 0],
    [at(0), 0],
    [at(0) + 0.9, 0],
  ])('reads the time %j', (time, sinceMs) => {
    expect(eventOf({ ...SEARCH, time }).timeMs - at(0)).toBe(sinceMs)
  })

  it.each([
    '2026-03-02T00:00:00',
    '2026-03-02',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-03-02T24:00:00Z',
    '2026-03-02T00:60:00Z',
    '2026-03-02T00:00:00+24:00',
    'yesterday',
    '',
    '1772409600000',
    1e300,
    2e14 + 1e14,
    -1e14,
    true,
    [],
  ])('rejects the time %j', (time) => {
    expect(reasonOf({ ...SEARCH, time })).toBe('invalid-field')
  })

  it.each([
    [1_772_442_005, 'time: 1772442005 looks like epoch seconds; send epoch milliseconds or ISO 8601'],
    [1_772_442_005.123, 'time: 1772442005.123 looks like epoch seconds; send epoch milliseconds or ISO 8601'],
    ['1772442005', 'time: 1772442005 looks like epoch seconds; send epoch milliseconds or ISO 8601'],
    [
      1_772_442_005_000_000,
      'time: 1772442005000000 looks like epoch microseconds; send epoch milliseconds or ISO 8601',
    ],
    [
      '1772442005000000000',
      'time: 1772442005000000000 looks like epoch nanoseconds; send epoch milliseconds or ISO 8601',
    ],
    ['0000-00-00', 'time: 0000-00-00 is a zero date; send epoch milliseconds or ISO 8601, or no time'],
    [
      '0000-00-00 00:00:00',
      'time: 0000-00-00 00:00:00 is a zero date; send epoch milliseconds or ISO 8601, or no time',
    ],
    [
      '0000-00-00T00:00:00.000Z',
      'time: 0000-00-00T00:00:00.000Z is a zero date; send epoch milliseconds or ISO 8601, or no time',
    ],
    ['0001-01-01T00:00:00Z', `time: 0001-01-01T00:00:00.000Z ${UNSET}`],
    ['1970-01-01T00:00:20Z', `time: 1970-01-01T00:00:20.000Z ${UNSET}`],
    [0, `time: 1970-01-01T00:00:00.000Z ${UNSET}`],
    [-62_135_596_800_000, `time: 0001-01-01T00:00:00.000Z ${UNSET}`],
    ['1999-12-31T23:59:59.999Z', `time: 1999-12-31T23:59:59.999Z ${UNSET}`],
    ['0001-01-01T00:00:00', `time: 0001-01-01T00:00:00 ${UNSET}`],
    ['0001-01-01 00:00:00 +0000 UTC', `time: 0001-01-01 00:00:00 +0000 UTC ${UNSET}`],
    ['1970-01-01', `time: 1970-01-01 ${UNSET}`],
    ['0', `time: 0 ${UNSET}`],
  ])('explains the implausible time %j (E4)', (time, detail) => {
    expect(decode({ ...SEARCH, time })).toEqual({ ok: false, reason: 'time-implausible', detail })
  })

  it('names the form of a time whose digits are a text', () => {
    const detail = 'time: digits in a text; send epoch milliseconds as a number'
    expect(decode({ ...SEARCH, time: '1772409600000' })).toEqual({ ok: false, reason: 'invalid-field', detail })
  })

  it('accepts a time from minEventTime on (E4)', () => {
    const reasonWith = (time: unknown, minEventTimeMs: number): string => {
      const decoded = decodeEvent({ ...SEARCH, time }, NOW_MS, { minEventTimeMs }, sha256)
      return decoded.ok ? 'accepted' : decoded.reason
    }
    expect(reasonWith('2010-01-01T00:00:00Z', Date.UTC(2010))).toBe('accepted')
    expect(reasonWith('2009-12-31T23:59:59.999Z', Date.UTC(2010))).toBe('time-implausible')
    expect(reasonWith('2009-12-31', Date.UTC(2010))).toBe('time-implausible')
    expect(reasonWith('2010-01-01', Date.UTC(2010))).toBe('invalid-field')
    expect(reasonWith('1970-01-01T00:00:00Z', 0)).toBe('accepted')
  })

  it('takes the arrival for the time of an event without one', () => {
    expect(eventOf(SEARCH).timeMs).toBe(NOW_MS)
  })

  it('accepts a time ahead of its arrival by exactly maxClockSkew, and no more', () => {
    expect(reasonOf({ ...SEARCH, time: NOW_MS + 5 * MINUTE_MS })).toBe('accepted')
    expect(reasonOf({ ...SEARCH, time: NOW_MS + 5 * MINUTE_MS + 1 })).toBe('time-in-future')
    expect(reasonOf({ ...SEARCH, time: '9999-12-31T23:59:59Z' })).toBe('time-in-future')
  })
})

describe('the fields of each type', () => {
  it.each([
    [{ ...SEARCH, query: undefined }, 'missing-field'],
    [{ ...SEARCH, query: 5 }, 'invalid-field'],
    [{ ...SEARCH, query: '' }, 'accepted'],
    [{ ...SEARCH, searchId: '' }, 'invalid-field'],
    [{ ...SEARCH, searchId: 'x'.repeat(129) }, 'invalid-field'],
    [{ ...SEARCH, eventId: 7 }, 'accepted'],
    [{ ...SEARCH, eventId: 7.5 }, 'invalid-field'],
    [{ ...SEARCH, eventId: 2 ** 53 }, 'invalid-field'],
    [{ ...SEARCH, searchId: true }, 'invalid-field'],
    [{ ...SEARCH, eventId: 'x'.repeat(128) }, 'accepted'],
    [{ ...CLICK, item: undefined }, 'missing-field'],
    [{ ...CLICK, item: '' }, 'invalid-field'],
    [{ ...CLICK, item: 'x'.repeat(513) }, 'invalid-field'],
    [{ ...CLICK, position: 0 }, 'invalid-field'],
    [{ ...CLICK, position: '1' }, 'invalid-field'],
    [{ ...CLICK, position: 1.5 }, 'invalid-field'],
    [{ ...CLICK, position: 1 }, 'accepted'],
    [{ ...RESULTS, items: undefined }, 'missing-field'],
    [{ ...RESULTS, items: undefined, resultCount: 0 }, 'accepted'],
    [{ ...RESULTS, resultCount: -1 }, 'invalid-field'],
    [{ ...RESULTS, items: 'rover' }, 'invalid-field'],
    [{ ...RESULTS, items: ['rover', 7] }, 'accepted'],
    [{ ...RESULTS, items: ['rover', 7.5] }, 'invalid-field'],
    [{ ...RESULTS, items: ['rover', null] }, 'invalid-field'],
    [{ ...RESULTS, resultCount: 0 }, 'invalid-field'],
    [{ ...RESULTS, items: [], resultCount: 0 }, 'accepted'],
    [{ ...RESULTS, items: Array.from({ length: 1001 }, () => 'x') }, 'invalid-field'],
    [{ ...RESULTS, items: [] }, 'accepted'],
    [{ type: 'AppOpen', user: 'ann', searchId: 7, position: 'x' }, 'accepted'],
  ])('decides whether the fields of each type are valid, case %#: %s', (sent, reason) => {
    expect(reasonOf(sent)).toBe(reason)
  })

  it('truncates a query at 1,024 characters and records that it did', () => {
    expect(eventOf({ ...SEARCH, query: 'x'.repeat(1025) })).toMatchObject({
      query: 'x'.repeat(1024),
      queryTruncated: true,
    })
    expect(eventOf({ ...SEARCH, query: '😀'.repeat(1024) })).toMatchObject({
      query: '😀'.repeat(1024),
      queryTruncated: false,
    })
    expect(eventOf({ ...SEARCH, query: '😀'.repeat(1025) })).toMatchObject({
      query: '😀'.repeat(1024),
      queryTruncated: true,
    })
  })

  it('replaces the half character at the end of a query that a producer truncated', () => {
    expect(eventOf('{"type":"Search","user":"ann","query":"dog\\ud83d"}')).toMatchObject({
      query: 'dog\uFFFD',
      queryTruncated: false,
    })
  })

  it('prefers the resultCount of a Results to the length of its list', () => {
    expect(eventOf({ ...RESULTS, resultCount: 250 })).toMatchObject({ resultCount: 250 })
    expect(eventOf(RESULTS)).toMatchObject({ resultCount: 1 })
  })
})

describe('an event without an id', () => {
  it('gives two copies of an event without an id the same id, whatever the order of their fields (E2)', () => {
    const sent = { ...CLICK, time: at(0), position: 2, page: { name: 'a', tags: ['x', { y: 1, z: 2 }] } }
    const copy = { page: { tags: ['x', { z: 2, y: 1 }], name: 'a' }, position: 2, time: at(0), ...CLICK, colour: null }
    expect(eventOf(sent).eventId).toBe(eventOf(copy).eventId)
    expect(eventOf(sent).eventId).toMatch(/^~[\w-]{21}$/)
  })

  it('gives different ids to events without an id if a field differs that ingest ignores (E2)', () => {
    const sent = { ...CLICK, time: at(0), position: 2 }
    const others = [{ page: { tags: ['x'] } }, { page: { tags: ['y'] } }, { page: ['x'] }, { page: 'x' }, { colour: 1 }]
    const ids = [{}, ...others].map((other) => eventOf({ ...sent, ...other }).eventId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('digests an event whose unknown field is nested without limit', () => {
    const deep = `${'[{"a":'.repeat(20_000)}1${'}]'.repeat(20_000)}`
    expect(reasonOf(`{"type":"AppOpen","user":"ann","deep":${deep}}`)).toBe('accepted')
  })

  it('gives equal events of one record without a time different ids, and their redelivery the same (E2)', () => {
    const idAt = (subSequence: number | null, time?: number) => {
      const decoded = decodeEvent({ ...CLICK, time }, NOW_MS, RULES, sha256, subSequence)
      return decoded.ok ? decoded.event.eventId : ''
    }
    expect(new Set([idAt(0), idAt(1), idAt(null)]).size).toBe(3)
    expect(idAt(1)).toBe(idAt(1))
    expect(idAt(1, at(0))).toBe(idAt(0, at(0)))
  })

  it('gives different ids to events without an id if user, time or contents differ', () => {
    const sent = { ...CLICK, time: at(0), position: 2 }
    const others = [{ user: 'ben' }, { time: at(1) }, { item: 'fido' }, { position: 3 }, { searchId: 's' }]
    const ids = [sent, ...others.map((other) => ({ ...sent, ...other }))].map((event) => eventOf(event).eventId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('gives different ids to two searches that differ only in the truncated part of the query', () => {
    const query = 'x'.repeat(1024)
    expect(eventOf({ ...SEARCH, query: `${query}a` }).eventId).not.toBe(
      eventOf({ ...SEARCH, query: `${query}b` }).eventId,
    )
  })
})

it('never repeats a value in the detail of a rejection', () => {
  for (const sent of [
    { ...CLICK, item: 'secret'.repeat(100) },
    { type: 'secret', user: 'ann' },
    { ...SEARCH, time: 'secret' },
  ]) {
    const decoded = decode(sent)
    expect(decoded.ok ? 'accepted' : decoded.detail).not.toContain('secret')
  }
})
