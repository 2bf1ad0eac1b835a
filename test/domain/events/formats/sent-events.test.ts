// Tests how the format of a document is recognized, and how Bytewax's events convert.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../../functions/aws/runtime/digest.ts'
import { decodeEvent } from '../../../../functions/domain/events/decode.ts'
import { convertDocument, type Format, sentEvents } from '../../../../functions/domain/events/formats/sent-events.ts'
import type { Sent } from '../../../support/events.ts'
import { SEED } from '../../../support/random-log.ts'
import { ubiEvent, ubiQuery } from '../../../support/ubi.ts'

const TIME = '2023-01-01T00:00:00+00:00'
const SEARCH = { type: 'Search', user: 1, time: TIME, query: 'dogs' }

const decode = (event: unknown) => decodeEvent(event, Number.MAX_SAFE_INTEGER, {}, sha256)

function eventOf(document: unknown, format: Format = 'auto'): unknown {
  const sent = sentEvents(document, format)
  return sent.ok ? sent.events[0] : sent.reason
}

describe('an event of ours', () => {
  it('returns an event of ours unchanged, whatever other fields it has but aliases', () => {
    const types = fc.constantFrom('AppOpen', 'Search', 'Results', 'ClickResult', 'AppClose', 'Timeout')
    const foreign = Object.keys({
      ...ubiEvent('click'),
      ...ubiQuery(),
      event: 0,
      event_type: 0,
      _index: 0,
      _source: 0,
    })
    const own = fc.record({
      type: types,
      user: fc.oneof(fc.string({ minLength: 1, maxLength: 9 }), fc.nat()),
      time: fc.constantFrom<unknown>(TIME, 1, null, undefined),
      query: fc.string(),
      items: fc.array(fc.string()),
      item: fc.string({ minLength: 1, maxLength: 9 }),
    })
    const extra = fc.dictionary(
      fc.constantFrom(...foreign),
      fc.constantFrom<unknown>('Search', 'click', 7, TIME, ubiQuery()),
    )
    fc.assert(
      fc.property(own, extra, (event, more) => {
        const sent = { ...more, ...event }
        if (!decode(sent).ok) return
        expect(eventOf(sent)).toBe(sent)
      }),
      { seed: SEED, numRuns: 2000 },
    )
  })

  it.each([
    null,
    7,
    'Search',
    [],
    [SEARCH],
    {},
    { user: 'ann' },
    { type: 'Purchase', user: 'ann' },
    { user: 1, query: 'x' },
  ])('leaves a document of no format to the decoder: %j', (document) => expect(eventOf(document)).toBe(document))

  it('keeps the digest of an event of ours stable', () => {
    const read = decode(eventOf(SEARCH))
    expect(read.ok && read.event.eventId).toBe(
      `~${sha256(`${JSON.stringify(['1', 'Search', Date.parse(TIME), null])}["query","dogs"]`).slice(0, 21)}`,
    )
  })
})

describe('an alias', () => {
  const ALIASES = { event_id: 'e1', search_id: 's1', result_count: 3 }
  const NAMES = { eventId: 'e1', searchId: 's1', resultCount: 3 }

  it.each<Sent>([{ type: 'Results' }, { type: 'results' }, { event: 'Results' }, { __class__: 'Results' }])(
    'reads aliases beside the type %j as our names (E5)',
    (type) => {
      expect(eventOf({ ...type, user: 1, ...ALIASES })).toEqual({ type: 'Results', user: 1, ...NAMES })
    },
  )

  it('prefers our name to its alias, unless ours is null', () => {
    expect(eventOf({ ...SEARCH, searchId: 's2', search_id: 's1' })).toEqual({ ...SEARCH, searchId: 's2' })
    expect(eventOf({ ...SEARCH, searchId: null, search_id: 's1' })).toEqual({ ...SEARCH, searchId: 's1' })
  })

  it('gives an event with aliases the digest of one with our names', () => {
    const [alias, name] = [{ search_id: 's1' }, { searchId: 's1' }].map((own) => decode(eventOf({ ...SEARCH, ...own })))
    expect(alias).toEqual(name)
  })
})

describe('an event as a Python service writes it', () => {
  const spelled: readonly Sent[] = [
    { ...SEARCH, type: 'search' },
    { ...SEARCH, type: undefined, event: 'Search' },
    { ...SEARCH, type: undefined, event_type: 'search' },
    { ...SEARCH, type: undefined, __class__: 'Search' },
    { ...SEARCH, type: undefined, 'py/object': '__main__.Search' },
    { ...SEARCH, time: '2023-01-01 00:00:00+00:00' },
    { ...SEARCH, time: '2023-01-01 00:00:00.000000+00:00' },
    { ...SEARCH, user: '1' },
  ]

  it.each(spelled)('reads a Python spelling as our event with the same id: %j', (document) => {
    expect(decode(eventOf(JSON.parse(JSON.stringify(document))))).toEqual(decode(SEARCH))
  })

  it.each([
    ['app_open', {}],
    ['results', { items: ['fido'] }],
    ['click_result', { item: 'fido' }],
    ['app_close', {}],
    ['timeout', {}],
  ])('reads a class name in snake case: %s', (type, own) => {
    expect(decode(eventOf({ type, user: 1, time: TIME, ...own })).ok).toBe(true)
  })

  it('reads our ids in snake case', () => {
    const document = { event: 'Results', user: 1, result_count: 3, search_id: 's1', event_id: 'e1' }
    expect(eventOf(document)).toEqual({ type: 'Results', user: 1, resultCount: 3, searchId: 's1', eventId: 'e1' })
  })

  it.each([
    [{ ...SEARCH, type: 'search', time: '2023-01-01T00:00:00' }, 'invalid-field'],
    [{ ...SEARCH, time: '2023-01-01 00:00:00' }, 'invalid-field'],
    [{ type: 'track', event: 'Search', user: 1, query: 'x' }, 'unknown-type'],
    [{ event: 'Search', userId: 1, query: 'x' }, 'missing-field'],
    [{ event: 'search', user: 1 }, 'missing-field'],
    [{ event: 'constructor', user: 1 }, 'missing-field'],
  ])('rejects an incomplete Python event for the reason that ours would have: %j', (document, reason) => {
    const sent = convertDocument(document, 'auto', sha256)
    expect(sent.ok ? 'accepted' : sent.reason).toBe(reason)
  })
})

describe('a named format', () => {
  it.each<[Format, unknown, string]>([
    ['events', SEARCH, 'accepted'],
    ['events', ubiQuery(), 'missing-field'],
    ['events', { ...SEARCH, type: 'search' }, 'unknown-type'],
    ['ubi', ubiQuery(), 'accepted'],
    ['ubi', SEARCH, 'not-an-event'],
    ['ubi', 7, 'not-an-event'],
    ['bytewax', { ...SEARCH, type: 'search' }, 'accepted'],
    ['bytewax', SEARCH, 'accepted'],
    ['bytewax', ubiQuery(), 'unknown-type'],
    ['auto', ubiQuery(), 'accepted'],
    ['auto', SEARCH, 'accepted'],
  ])('accepts with --format %s its own documents only, case %#', (format, document, outcome) => {
    const sent = convertDocument(document, format, sha256)
    expect(sent.ok ? 'accepted' : sent.reason).toBe(outcome)
  })

  it('converts a document to the events that ingest makes of the document itself', () => {
    for (const document of [ubiQuery(), ubiEvent('click'), { ...SEARCH, type: 'search' }]) {
      const sent = convertDocument(document, 'auto', sha256)
      if (!sent.ok) throw new Error(sent.detail)
      const again = sent.events.flatMap((event) => {
        const twice = sentEvents(JSON.parse(JSON.stringify(event)))
        return twice.ok ? twice.events : []
      })
      expect(again.map(decode)).toEqual(sent.events.map(decode))
    }
  })
})
