// Tests which names of fields are near misses of ours (E5).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FIELD_NAMES, nearMisses } from '../../../functions/domain/events/field-names.ts'
import { sentEvents } from '../../../functions/domain/events/formats/sent-events.ts'
import { SEED } from '../../support/random-log.ts'
import { ubiEvent, ubiQuery } from '../../support/ubi.ts'

const SEARCH = { type: 'Search', user: 'ann', query: 'dogs' }

const missesOf = (document: unknown) => {
  const sent = sentEvents(document)
  return sent.ok ? sent.events.flatMap((event) => nearMisses(event)) : []
}

describe('a near miss', () => {
  it.each([
    ['searchID', 'searchId'],
    ['SearchId', 'searchId'],
    ['search-id', 'searchId'],
    ['searchid', 'searchId'],
    ['queryId', 'searchId'],
    ['Time', 'time'],
    ['timestamp', 'time'],
    ['ts', 'time'],
    ['event_time', 'time'],
    ['EventID', 'eventId'],
    ['userId', 'user'],
    ['user_id', 'user'],
    ['results', 'items'],
    ['num_results', 'resultCount'],
    ['total', 'resultCount'],
    ['date', 'time'],
    ['deviceId', 'user'],
    ['q', 'query'],
    ['Query', 'query'],
    ['rank', 'position'],
    ['itemId', 'item'],
    ['eventType', 'type'],
  ])('the field %s is a near miss of %s', (name, meant) => {
    expect(missesOf({ ...SEARCH, [name]: 'x' })).toEqual([{ name, meant }])
  })

  it('a field that is null counts as absent', () => {
    expect(missesOf({ ...SEARCH, timestamp: null })).toEqual([])
  })

  it('our fields, their aliases and unrelated fields are no near misses', () => {
    const ours = Object.fromEntries(FIELD_NAMES.map((name) => [name, 'x']))
    const other = { event_id: 1, search_id: 1, result_count: 1, event: 1, colour: 1, timezone: 1, sessionId: 1, i: 1 }
    expect(missesOf({ ...ours, ...other, ...SEARCH })).toEqual([])
  })

  it('the keys of a Python class and the fields of a UBI document are no near misses', () => {
    expect(missesOf({ ...SEARCH, type: undefined, event_type: 'search', search_id: 's' })).toEqual([])
    expect([ubiQuery(), ubiEvent('click')].flatMap(missesOf)).toEqual([])
  })

  it('the queryId of a UBI document is a near miss of searchId, unless it has a query_id too', () => {
    for (const document of [ubiEvent('click'), ubiQuery()]) {
      const misses = missesOf({ ...document, query_id: null, queryId: 'q1' })
      expect(new Set(misses.map(({ name }) => name))).toEqual(new Set(['queryId']))
      expect(missesOf({ ...document, queryId: 'q1' })).toEqual([])
    }
  })

  it('changes nothing about the event that is decoded', () => {
    const sent = { ...SEARCH, timestamp: 1 }
    expect(sentEvents(sent)).toEqual({ ok: true, events: [sent], ignored: null })
  })

  it('finds at most 16 near misses, in time linear in the event', () => {
    const names = Array.from({ length: 50_000 }, (_, n) => [`time${'_'.repeat(n % 200)}${' '.repeat(n % 7)}`, n])
    expect(nearMisses(Object.fromEntries(names))).toHaveLength(16)
  })

  it('finds none in a value that is no object', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer(), fc.array(fc.string()), fc.constant(null)), (value) => {
        expect(nearMisses(value)).toEqual([])
      }),
      { seed: SEED },
    )
  })
})
