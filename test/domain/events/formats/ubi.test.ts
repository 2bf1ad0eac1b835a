// Tests the conversion of OpenSearch UBI documents, versions 1.0 to 1.3, and their rejections.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../../functions/aws/runtime/digest.ts'
import { type Decoded, decodeEvent } from '../../../../functions/domain/events/decode.ts'
import { compareEvents, type SearchEvent } from '../../../../functions/domain/events/event.ts'
import { nearMisses } from '../../../../functions/domain/events/field-names.ts'
import { convertDocument, sentEvents } from '../../../../functions/domain/events/formats/sent-events.ts'
import type { IgnoredReason } from '../../../../functions/domain/events/formats/ubi.ts'
import { attribute } from '../../../../functions/domain/results/attribution.ts'
import { at, type Sent } from '../../../support/events.ts'
import { SEED } from '../../../support/random-log.ts'
import { ubiClick, ubiEvent, ubiQuery } from '../../../support/ubi.ts'

const eventsOf = (document: unknown): readonly unknown[] => {
  const sent = sentEvents(document)
  if (!sent.ok) throw new Error(`${sent.reason}: ${sent.detail}`)
  return sent.events
}

const decoded = (document: unknown): Decoded[] =>
  eventsOf(document).map((event) => {
    const read = decodeEvent(event, Number.MAX_SAFE_INTEGER, {}, sha256)
    if (!read.ok) throw new Error(`${read.reason}: ${read.detail}`)
    return read
  })

function reasonOf(document: unknown): string {
  const sent = convertDocument(document, 'auto', sha256)
  return sent.ok ? `${sent.events.length} events` : `${sent.reason}: ${sent.detail}`
}

const ignoredFor = (ignored: IgnoredReason) => ({ ok: true, events: [], ignored })

const common = { user: 'CLIENT-ann', searchId: 'q1' }

describe('a query', () => {
  it('converts a query to a Search and its Results', () => {
    expect(eventsOf(ubiQuery())).toEqual([
      { type: 'Search', ...common, time: '2026-03-02T00:00:00.000Z', query: 'dogs', labels: { application: 'pets' } },
      { type: 'Results', ...common, time: '2026-03-02T00:00:00.000Z', items: ['fido', 'rover', 'rex'] },
    ])
  })

  it.each([
    ['none', { query_response_hit_ids: [] }, [], undefined],
    ['integers', { query_response_hit_ids: [7, 8] }, ['7', '8'], undefined],
    ['hits without the field of ids', { query_response_hit_ids: ['a', null, 'b'] }, ['a', '', 'b'], undefined],
    ['the name of the plugin', { query_response_hit_ids: null, query_response_object_ids: ['a'] }, ['a'], undefined],
    ['the name of the site', { query_response_hit_ids: null, query_response_objects_ids: ['a'] }, ['a'], undefined],
    ['two equal lists', { query_response_object_ids: ['fido', 'rover', 'rex'] }, ['fido', 'rover', 'rex'], undefined],
    ['two names of the objects', { query_response_object_ids: ['1', '2', '3'] }, ['fido', 'rover', 'rex'], undefined],
    ['an empty list after a full one', { query_response_object_ids: [] }, ['fido', 'rover', 'rex'], undefined],
    [
      'an empty list before a full one',
      { query_response_hit_ids: [], query_response_objects_ids: [7] },
      ['7'],
      undefined,
    ],
    ['two empty lists', { query_response_hit_ids: [], query_response_object_ids: [] }, [], undefined],
    ['thousands', { query_response_hit_ids: Array(2500).fill('a') }, Array(1000).fill('a'), 2500],
  ])('converts the hits of a query: %s', (_, own, items, resultCount) => {
    expect(eventsOf(ubiQuery(own))[1]).toMatchObject({ items })
    expect((eventsOf(ubiQuery(own))[1] as Sent).resultCount).toBe(resultCount)
  })

  it('converts a query without hits to a Search alone', () => {
    expect(eventsOf(ubiQuery({ query_response_hit_ids: undefined }))).toMatchObject([{ type: 'Search' }])
    expect(eventsOf(ubiQuery({ query_response_hit_ids: null }))).toMatchObject([{ type: 'Search' }])
  })

  it('converts a query without words, as the plugin writes them', () => {
    expect(decoded(ubiQuery({ user_query: '' }))[0]?.event).toMatchObject({ query: '' })
    expect(decoded(ubiQuery({ user_query: null }))[0]?.event).toMatchObject({ query: '' })
  })

  it.each([
    [{ text: 'cats', image: 'a.png' }, 'cats'],
    [{ image: 'a.png' }, ''],
    [{ text: null }, ''],
  ])('reads the text of a query that is an object: %j', (user_query, query) => {
    expect(eventsOf(ubiQuery({ user_query }))[0]).toMatchObject({ type: 'Search', query })
    expect(eventsOf(ubiEvent('search', { user_query, message: 'dogs' }))).toMatchObject([{ query: query || 'dogs' }])
  })

  it('gives the Search of a query without an id no searchId', () => {
    expect(eventsOf(ubiQuery({ query_id: null }))[0]).not.toHaveProperty('searchId')
  })

  it('gives a repeated query the same event ids, and its next page others', () => {
    const ids = (document: Sent): string[] => decoded(document).map(({ event }) => event.eventId)
    expect(ids(JSON.parse(JSON.stringify(ubiQuery())))).toEqual(ids(ubiQuery()))
    const page = ids(ubiQuery({ timestamp: '2026-03-02T00:00:09Z', query_response_hit_ids: ['spot'] }))
    expect(new Set([...ids(ubiQuery()), ...page]).size).toBe(4)
  })
})

describe('the application of a document', () => {
  it.each<[string, unknown, unknown]>([
    ['a name', 'pets', { application: 'pets' }],
    ['a name with capitals and spaces', ' Pet Shop ', { application: ' Pet Shop ' }],
    ['a name of 65 characters', '猫'.repeat(65), { application: '猫'.repeat(64) }],
    ['a name that ends in half a character', 'pets\ud83d', { application: 'pets\uFFFD' }],
    ['an empty text', '', undefined],
    ['blank', ' \t', undefined],
    ['null', null, undefined],
    ['a number', 7, undefined],
    ['absent', undefined, undefined],
  ])('is the label application of its search: %s (M4)', (_, application, labels) => {
    const documents = [ubiQuery({ application }), ubiEvent('search', { application, user_query: 'dogs' })]
    for (const document of documents)
      expect((decoded(document)[0]?.event as SearchEvent | undefined)?.labels).toEqual(labels)
  })

  it('is no label where only the attributes hold it, since UBI defines none there', () => {
    const attributes = { application: 'pets', variant: 'A' }
    const query = ubiQuery({ application: undefined, query_attributes: attributes })
    const event = ubiEvent('search', { application: undefined, event_attributes: attributes, user_query: 'dogs' })
    for (const document of [query, event]) expect(decoded(document)[0]?.event).not.toHaveProperty('labels')
  })
})

describe('an event', () => {
  it.each([
    'click',
    'CLICK',
    'clicked',
    'Click',
    'click_through',
    'click-through',
    'clickThrough',
    'Click Through',
    'item_click',
    'product_click',
    'ProductClick',
    'result.clicked',
    'onClick',
    'click_item',
    'search_result_click',
    'clickedOnSearchResult',
    'document-click',
  ])('converts the action %s to a click', (name) => {
    expect(eventsOf(ubiEvent(name))).toEqual([
      {
        type: 'ClickResult',
        ...common,
        time: '2026-03-02T00:00:05.000Z',
        item: 'rover',
        ubiOrdinal: 2,
        ubiApplication: 'pets',
      },
    ])
  })

  it.each(['search', 'on_search', 'Search', 'onSearch'])('makes one search of the action %s and its query', (name) => {
    const searches = [ubiQuery(), ubiEvent(name, { message: 'dogs' })].flatMap(decoded).map(({ event }) => event)
    expect(searches.filter(({ type }) => type === 'Search')).toHaveLength(2)
    expect(attribute([...searches].sort(compareEvents)).searches).toHaveLength(1)
    expect(sentEvents(ubiEvent(name, { message: null }))).toEqual(ignoredFor('search-without-query'))
    expect(eventsOf(ubiEvent(name, { user_query: 'cats' }))).toMatchObject([{ query: 'cats' }])
  })

  it.each([
    'impression',
    'product_hover',
    'add_to_cart',
    'purchase',
    'view',
    'button_click',
    'unclick',
    'toString',
    '',
  ])('ignores the action %j', (name) => expect(sentEvents(ubiEvent(name))).toEqual(ignoredFor('other-action')))

  it('ignores a click without an object', () => {
    for (const event_attributes of [null, {}, { position: { xy: { x: 1, y: 2 } } }])
      expect(sentEvents(ubiEvent('click', { event_attributes }))).toEqual(ignoredFor('click-without-object'))
  })
})

describe('the form of a click', () => {
  const nested = { event_attributes: { object: { object_id: 'rover' }, position: { ordinal: 2 } } }
  it.each([
    nested,
    { object_id: 'rover', position: 2 },
    { object_id: 'rover', position: { ordinal: 2 } },
    { object_id: 'rover', ordinal: 2 },
    { 'event_attributes.object.object_id': 'rover', 'event_attributes.position.ordinal': 2 },
    { 'event_attributes.object': { object_id: 'rover' }, 'event_attributes.position': { ordinal: 2 } },
    { event_attributes: { 'object.object_id': 'rover', 'position.ordinal': 2 } },
    { event_attributes: { object_id: 'rover', position: 2 } },
    { event_attributes: { object: { object_id: 'rover' } }, position: 2 },
  ])('reads a click in nested, flat and dotted form alike: %j', (form) => {
    expect(eventsOf(ubiEvent('click', { event_attributes: undefined, ...form }))).toEqual(
      eventsOf(ubiEvent('click', nested)),
    )
  })

  it('reads an integer query_id as its digits (E5)', () => {
    expect(eventsOf(ubiEvent('click', { query_id: 7 }))).toMatchObject([{ searchId: '7' }])
  })

  it('reads the implausible timestamp of a click as the decoder does (E4)', () => {
    const seconds = 'looks like epoch seconds; send epoch milliseconds or ISO 8601'
    expect(reasonOf(ubiEvent('click', { timestamp: 1_772_442_005 }))).toBe(
      `time-implausible: time: 1772442005 ${seconds}`,
    )
    expect(reasonOf(ubiEvent('click', { timestamp: '1772442005' }))).toBe(
      `time-implausible: timestamp: 1772442005 ${seconds}`,
    )
    expect(reasonOf(ubiEvent('click', { timestamp: '0000-00-00T00:00:00Z' }))).toMatch(/^time-implausible: timestamp: /)
  })
})

describe('the user', () => {
  it.each([
    [{}, 'CLIENT-ann'],
    [{ client_id: '', user_id: 'ann' }, 'ann'],
    [{ client_id: null }, 'SESSION-1'],
    [{ client_id: null, session_id: null, event_attributes: { session_id: 's', object: { object_id: 'a' } } }, 's'],
    [{ client_id: 17 }, '17'],
  ])('finds in a document with %j the user %s', (own, user) => {
    expect(decoded(ubiEvent('click', own))[0]?.user).toBe(user)
  })
})

describe('the time', () => {
  it.each([
    ['2026-03-02T00:00:05Z', at(5)],
    ['2026-03-02T01:00:05+01:00', at(5)],
    [at(5), at(5)],
    ['2026-03-02T00:00:05', at(5)],
    ['2026-03-02T00:00:05.250', at(5.25)],
  ])('reads the timestamp %s', (timestamp, timeMs) => {
    expect(decoded(ubiEvent('click', { timestamp }))[0]?.event.timeMs).toBe(timeMs)
  })
})

describe('the ordinal', () => {
  const positionOf = (click: Sent, hits: readonly string[] | null): number | null => {
    const events = [ubiQuery({ query_response_hit_ids: hits }), click].flatMap(decoded).map(({ event }) => event)
    return attribute(events).searches[0]?.clicks[0]?.position ?? null
  }

  it.each([0, 1, 2, 7, null])('prefers the rank among the hits to the ordinal %s', (ordinal) => {
    expect(positionOf(ubiClick('rover', ordinal), ['fido', 'rover', 'rex'])).toBe(2)
  })

  it.each([
    [0, null],
    [1, 1],
    [3, 3],
    [{ index: 3 }, 3],
    [-1, null],
    [null, null],
  ])('reads the ordinal %j as position %s where the hits do not list the item', (ordinal, position) => {
    expect(positionOf(ubiClick('rover', ordinal), null)).toBe(position)
    expect(positionOf(ubiClick('rover', ordinal), ['fido'])).toBe(position)
  })

  it.each([
    ['0', 'pets', 0, 1],
    ['0', 'pets', 2, 3],
    ['0', undefined, 2, 3],
    ['0', 'pets', -1, null],
    ['pets=0', 'pets', 2, 3],
    ['shop=1,pets=0', 'pets', 2, 3],
    ['pets=0', 'shop', 2, 2],
    ['pets=0', 'Pets', 2, 2],
    ['pets=0', undefined, 2, 2],
    ['pets=0', 7, 2, 2],
    ['pets=1', 'pets', 0, null],
    ['1', 'pets', 2, 2],
  ])('with ubiOrdinalsFrom %s, reads in the application %j the ordinal %j as %j', (from, application, sent, rank) => {
    const [click] = eventsOf(ubiClick('rover', sent, { application }))
    const read = decodeEvent(click, at(5), { ubiOrdinalsFrom: from }, sha256)
    expect(read.ok && read.event).toHaveProperty('type', 'ClickResult')
    expect((read.ok && 'ordinal' in read.event && read.event.ordinal) || null).toBe(rank)
  })

  it('gives a click the same id, whatever its application counts from', () => {
    const [click] = eventsOf(ubiClick('rover', 2))
    const idWith = (ubiOrdinalsFrom: string): unknown => {
      const read = decodeEvent(click, at(5), { ubiOrdinalsFrom }, sha256)
      return read.ok && read.event.eventId
    }
    expect(idWith('0')).toMatch(/./)
    expect(idWith('0')).toBe(idWith('1'))
  })

  it('is a near miss where it is 0 and its application counts from 1 (E5)', () => {
    const missesOf = (ordinal: number, from?: string) =>
      eventsOf(ubiClick('rover', ordinal)).flatMap((event) => nearMisses(event, from))
    const miss = [{ name: 'ordinal 0', meant: 'ubiOrdinalsFrom' }]
    expect([missesOf(0), missesOf(0, '1'), missesOf(0, 'shop=0,pets=1')]).toEqual([miss, miss, miss])
    expect([missesOf(1), missesOf(0, '0'), missesOf(0, 'pets=0')]).toEqual([[], [], []])
  })
})

describe('an export of an index', () => {
  it('unwraps the documents of an export and ignores the lines between them', () => {
    expect(eventsOf({ _index: 'ubi_events', _id: 'x', _source: ubiClick('rover', 2) })).toEqual(
      eventsOf(ubiClick('rover', 2)),
    )
    expect(eventsOf({ index: { _index: 'ubi_queries', _id: 'x' } })).toEqual([])
  })

  it.each([
    { index: {} },
    { index: { _id: '2' } },
    { index: { _index: 'logs' } },
    { create: { _index: 'ubi_events' } },
    { update: { _id: '2', retry_on_conflict: 3 } },
    { delete: { _index: 'ubi_events', _id: '2' } },
  ])('ignores the action line %j of a bulk file', (line) => expect(sentEvents(line)).toEqual(ignoredFor('bulk-action')))

  it.each([{ index: 7 }, { index: { name: 'x' } }, { index: {}, user: 'ann' }, { remove: {} }])(
    'rejects %j, which is no action line',
    (document) => expect(reasonOf(document)).toBe('missing-field: type: required'),
  )
})

describe('a document that breaks the schema', () => {
  const where = 'event_attributes.'
  it.each([
    [ubiClick('rover', 1.5), `invalid-field: ${where}position.ordinal: expected an integer`],
    [ubiClick('rover', '3'), `invalid-field: ${where}position.ordinal: expected an integer`],
    [ubiClick('rover', [3]), `invalid-field: ${where}position.ordinal: expected an integer`],
    [ubiClick(null, 3), `missing-field: ${where}object.object_id: required`],
    [ubiClick('', 3), `missing-field: ${where}object.object_id: required`],
    [ubiClick(['rover'], 3), `invalid-field: ${where}object.object_id: expected a string or an integer`],
    [ubiClick('x'.repeat(513), 3), 'invalid-field: item: expected a string of 1 to 512 characters, or an integer'],
    [ubiEvent('click', { event_attributes: [] }), 'invalid-field: event_attributes: expected an object'],
    [ubiEvent('click', { event_attributes: { object: 'rover' } }), `invalid-field: ${where}object: expected an object`],
    [ubiEvent('click', { query_id: 7.5 }), 'invalid-field: query_id: expected a string or an integer'],
    [
      ubiEvent('click', { query_id: 'x'.repeat(129) }),
      'invalid-field: searchId: expected a string of 1 to 128 characters, or an integer',
    ],
    [ubiEvent('click', { client_id: {} }), 'invalid-field: client_id: expected a string or an integer'],
    [
      ubiEvent('click', { client_id: null, session_id: '' }),
      'missing-field: client_id: required, or user_id or session_id',
    ],
    [
      ubiEvent('click', { timestamp: 'yesterday' }),
      'invalid-field: timestamp: expected ISO 8601, or epoch milliseconds',
    ],
    [ubiEvent('click', { timestamp: null }), 'missing-field: timestamp: required'],
    [{ ...ubiEvent(''), action_name: 7 }, 'invalid-field: action_name: expected a string'],
    [{ ...ubiEvent(''), action_name: null }, 'missing-field: action_name: required'],
    [ubiQuery({ user_query: ['dogs'] }), 'invalid-field: user_query: expected a string'],
    [ubiQuery({ query_response_hit_ids: 'rover' }), 'invalid-field: query_response_hit_ids: expected an array'],
    [
      ubiQuery({ query_response_hit_ids: [{}] }),
      'invalid-field: query_response_hit_ids: expected a string or an integer',
    ],
    [ubiQuery({ query_response_object_ids: 'a' }), 'invalid-field: query_response_object_ids: expected an array'],
    [
      ubiQuery({ query_response_object_ids: ['a'] }),
      'invalid-field: query_response_object_ids: 1 ids, and query_response_hit_ids has 3; expected one list',
    ],
    [ubiQuery({ user_query: { text: ['dogs'] } }), 'invalid-field: user_query: expected a string'],
    [ubiQuery({ timestamp: undefined }), 'missing-field: timestamp: required'],
  ])('rejects a document that breaks the schema, case %#: %s', (document, reason) => {
    expect(reasonOf(JSON.parse(JSON.stringify(document)))).toBe(reason)
  })

  it('never throws, and makes at most two events of any document', () => {
    const values = fc.oneof(fc.jsonValue(), fc.constantFrom('click', 'search', 'x'.repeat(2000), -1, 1.5, '3', {}, []))
    const names = Object.keys({ ...ubiQuery(), ...ubiEvent('click'), _index: 0, _source: 0, type: 0, index: 0 })
    const document = fc.dictionary(fc.constantFrom(...names), values).chain((own) => {
      return fc.constantFrom({ ...ubiQuery(), ...own }, { ...ubiEvent('click'), ...own }, own)
    })
    fc.assert(
      fc.property(document, (one) => {
        const sent = convertDocument(one, 'auto', sha256)
        expect(sent.ok ? sent.events.length : 0).toBeLessThanOrEqual(2)
      }),
      { seed: SEED, numRuns: 3000 },
    )
  })
})
