// Tests that stored sessions are read as they were written, and that malformed ones are refused.

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { decodeSessions, encodeSessions } from '../../../functions/aws/sessions-table/session-code.ts'
import { type Event, FINGERPRINT_LENGTH } from '../../../functions/domain/events/event.ts'
import { type NonEmpty, nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { LimitedBy, Session } from '../../../functions/domain/sessions/session.ts'
import { at, bare, click, results, search } from '../../support/events.ts'

/** Fixed, and printed with a failure. */
const SEED = 20260302

/** Any text that UTF-8 can encode, with control characters, line separators and any script. */
const text = fc.string({ unit: 'binary', maxLength: 40 })
const idText = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })
const optionalId = fc.option(idText)
/** Any time of the years 0 to 9999. */
const timeMs = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 })
const count = fc.maxSafeNat()
const itemFingerprint = fc.nat().map((n) => sha256(String(n)).slice(0, FINGERPRINT_LENGTH))

const labelName = fc.oneof(fc.stringMatching(/^[a-z0-9_-]{1,32}$/), fc.constantFrom('__proto__', 'constructor', '7'))
const labels = fc
  .array(fc.tuple(labelName, text), { minLength: 1, maxLength: 8 })
  .map((entries) => Object.fromEntries(entries))

/** Events of one session often name the same search. */
const searchId = fc.oneof(fc.constantFrom('s1', 's2', '0'), optionalId)

const withoutSubSequence: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ type: fc.constantFrom('AppOpen', 'Timeout', 'AppClose'), eventId: idText, timeMs }),
  fc
    .record({
      type: fc.constant('Search'),
      eventId: idText,
      timeMs,
      searchId,
      query: text,
      queryTruncated: fc.boolean(),
      labels: fc.option(labels),
    })
    .map(({ labels, ...search }) => (labels === null ? search : { ...search, labels })),
  fc.record({
    type: fc.constant('Results'),
    eventId: idText,
    timeMs,
    searchId,
    resultCount: count,
    itemFingerprints: fc.array(itemFingerprint, { maxLength: 10 }).map((itemFingerprints) => itemFingerprints.join('')),
  }),
  fc
    .record({
      type: fc.constant('ClickResult'),
      eventId: idText,
      timeMs,
      searchId,
      item: idText,
      position: fc.option(count),
      ordinal: fc.option(count),
    })
    .map(({ ordinal, ...chosen }) => {
      const click = { ...chosen, itemFingerprint: sha256(chosen.item).slice(0, FINGERPRINT_LENGTH) }
      return ordinal === null ? click : { ...click, ordinal }
    }),
)

const event: fc.Arbitrary<Event> = fc
  .tuple(withoutSubSequence, fc.option(fc.oneof(fc.nat({ max: 9999 }), fc.constant('arrival time' as const))))
  .map(([chosen, own]) => {
    if (own === null) return chosen
    return own === 'arrival time' ? { ...chosen, hasArrivalTime: true } : { ...chosen, subSequence: own }
  })

const limited: fc.Arbitrary<LimitedBy> = fc.record({
  limit: fc.constantFrom('max_events', 'max_bytes', 'max_duration'),
  atMs: timeMs,
})

const session: fc.Arbitrary<Session> = fc.record({
  ids: fc.array(idText, { minLength: 1, maxLength: 4 }).map(nonEmpty),
  continues: optionalId,
  limitedBy: fc.option(limited),
  events: fc.array(event, { minLength: 1, maxLength: 20 }).map(nonEmpty),
})

const sessions = fc.array(session, { maxLength: 5 })
const plainBytesMax = fc.constantFrom(0, 200, 800, Number.POSITIVE_INFINITY)

/** Encodes JSON as another program, or a later version of this one, could have stored it. */
function stored(json: unknown): Uint8Array {
  return deflateRawSync(JSON.stringify(json))
}

describe('stored sessions', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(sessions, plainBytesMax, (given, bytesMax) => {
        expect(decodeSessions(encodeSessions(given, bytesMax))).toEqual(given)
      }),
      { seed: SEED, numRuns: 1000 },
    )
  })

  it('are written as the same bytes again, so that the store recognizes a repeated write', () => {
    fc.assert(
      fc.property(sessions, plainBytesMax, (given, bytesMax) => {
        const written = encodeSessions(given, bytesMax)
        const read = decodeSessions(written)
        expect(encodeSessions(read, bytesMax)).toEqual(written)
        // Copies are encoded anew.
        const copies = read.map((session) => ({ ...session }))
        expect(encodeSessions(copies, bytesMax)).toEqual(written)
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('keep their bytes when one is read alone and written unchanged, and only then', () => {
    const given = { ids: ['id'], continues: null, limitedBy: null, events: [bare('AppOpen', at(0))] } as const
    const bytes = encodeSessions([given], 0)
    const [alone] = decodeSessions(bytes) as [Session]
    expect(encodeSessions([alone], 0)).toBe(bytes)
    const later: Session = { ...alone, events: [...alone.events, bare('AppClose', at(1))] }
    expect(decodeSessions(encodeSessions([later], 0))).toEqual([later])
    const both = encodeSessions([given, later], 0)
    const [first] = decodeSessions(both) as [Session]
    expect(encodeSessions([first], 0)).toEqual(bytes)
    const rest: Session = { ...given, events: [bare('AppClose', at(1))] }
    const [behindBlock] = decodeSessions(
      stored([1, [['id'], null, null, 0, at(0), [[5, 1000, rest.events[0].eventId]], 1]]),
      [given.events],
    ) as [Session]
    expect(decodeSessions(encodeSessions([behindBlock], 0))).toEqual([behindBlock])
  })

  it('are text up to the most bytes of a plain text, and deflated beyond', () => {
    fc.assert(
      fc.property(sessions, plainBytesMax, (given, bytesMax) => {
        const text = encodeSessions(given, Number.POSITIVE_INFINITY) as string
        const isPlain = Buffer.byteLength(text) <= bytesMax
        expect(typeof encodeSessions(given, bytesMax)).toBe(isPlain ? 'string' : 'object')
        expect(inflateRawSync(encodeSessions(given, -1) as Uint8Array).toString('utf8')).toBe(text)
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('have the shape that is pinned here', () => {
    const events = [
      [0, 0, 'open'],
      [1, 1000, 'asked', 's1', 'dogs', 0],
      [1, 1500, 'labelled', null, 'dogs', 0, { application: 'shop', variant: 'A' }],
      // The first 48 bits of SHA-256 of 'a' and of 'b', in base64url.
      [2, 2000, 'shown', null, 31, 'ypeBEsobPiPoFgA5'],
      [3, 3000, 'chosen', 1, 'a', 7],
      [4, 4000, 'idle'],
      [5, 5000, 'gone'],
    ]
    const row = [['id', 'merged'], 'before', 'max_events', at(6), at(0), events]
    expect(decodeSessions(stored([1, row]))).toEqual([
      {
        ids: ['id', 'merged'],
        continues: 'before',
        limitedBy: { limit: 'max_events', atMs: at(6) },
        events: [
          bare('AppOpen', at(0), { eventId: 'open' }),
          search(at(1), { eventId: 'asked', searchId: 's1' }),
          search(at(1.5), { eventId: 'labelled', labels: { variant: 'A', application: 'shop' } }),
          results(at(2), ['a', 'b'], { eventId: 'shown', resultCount: 31 }),
          click(at(3), 'a', { eventId: 'chosen', searchId: 's1', position: 7 }),
          bare('Timeout', at(4), { eventId: 'idle' }),
          bare('AppClose', at(5), { eventId: 'gone' }),
        ],
      },
    ])
  })

  it('hold a search id once in each session, and its index after that', () => {
    const log: NonEmpty<Event> = [
      search(at(0), { eventId: 'a', searchId: 's1' }),
      search(at(1), { eventId: 'b', searchId: 's2' }),
      click(at(2), 'x', { eventId: 'c', searchId: 's1' }),
      click(at(3), 'x', { eventId: 'd', searchId: 's2' }),
      click(at(4), 'x', { eventId: 'e', searchId: null }),
    ]
    const given: Session = { ids: ['id'], continues: null, limitedBy: null, events: log }
    const text = String(encodeSessions([given, given], Number.POSITIVE_INFINITY))
    const [, ...rows] = JSON.parse(text) as [number, ...{ 5: { 3: unknown }[] }[]]
    const searchIds = rows.map((row) => row[5].map((event) => event[3]))
    expect(searchIds).toEqual([0, 1].map(() => ['s1', 's2', 0, 1, null]))
    expect(decodeSessions(text)).toEqual([given, given])
  })

  it('are refused when an index names no earlier event with a search id', () => {
    const clicks = [0, 1, 2, -1].map((n) => [
      [0, 0, 'open'],
      [3, 1000, 'c', n, 'x', 1],
    ])
    for (const events of clicks)
      expect(() => decodeSessions(stored([1, [['id'], null, null, 0, at(0), events]]))).toThrow('no search id')
  })

  it('take no byte more for a search without labels, even where another has some', () => {
    const searches = [search(at(0), { eventId: 'a' }), search(at(1), { eventId: 'b' })] as const
    const textOf = (events: NonEmpty<Event>): string =>
      String(encodeSessions([{ ids: ['id'], continues: null, limitedBy: null, events }], Number.POSITIVE_INFINITY))
    const plain = textOf(searches)
    expect(plain).toContain('[1,0,"a",null,"dogs",0],[1,1000,"b",null,"dogs",0]')
    const labelled = textOf([searches[0], search(at(1), { eventId: 'b', labels: { variant: 'A' } })])
    expect(labelled).toBe(plain.replace('"b",null,"dogs",0]', '"b",null,"dogs",0,{"variant":"A"}]'))
  })

  it('are refused with the number of an unknown shape', () => {
    expect(() => decodeSessions(stored([2, []]))).toThrow('shape 2')
    expect(() => decodeSessions(stored([]))).toThrow('shape undefined')
  })

  it('are refused with the number of an unknown type of event', () => {
    expect(() => decodeSessions(stored([1, [['id'], null, null, 0, at(0), [[6, 0, 'e']]]]))).toThrow('type 6')
  })

  it('are inflated up to 16 MiB and no further', () => {
    const padded = (bytes: number): Uint8Array => deflateRawSync(`[1]${' '.repeat(bytes - 3)}`)
    expect(decodeSessions(padded(16 * 1024 * 1024))).toEqual([])
    expect(() => decodeSessions(padded(16 * 1024 * 1024 + 1))).toThrow('Cannot create a Buffer larger than')
  })

  it('are refused when they are not deflated', () => {
    expect(() => decodeSessions(Buffer.from('[1]'))).toThrow()
  })
})
