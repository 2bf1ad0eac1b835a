// Tests the order of a user's events (S2).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareEvents,
  EVENT_TYPES,
  type Event,
  eventBytes,
  eventBytesAtMost,
} from '../../../functions/domain/events/event.ts'
import { SEED } from '../../support/random-log.ts'

const event: fc.Arbitrary<Event> = fc
  .record({
    type: fc.constantFrom(...EVENT_TYPES),
    timeMs: fc.constantFrom(1, 2),
    eventId: fc.constantFrom('a', 'b'),
    subSequence: fc.constantFrom(null, 0, 1, 2),
  })
  .map(({ subSequence, ...sent }) => ({ ...sent, ...(subSequence === null ? {} : { subSequence }) }) as Event)

describe('the order of events', () => {
  it('orders any events one after the other, also those with an index in a record', () => {
    fc.assert(
      fc.property(event, event, event, (a, b, c) => {
        expect(Math.sign(compareEvents(a, b))).toBe(-Math.sign(compareEvents(b, a)) + 0)
        if (compareEvents(a, b) <= 0 && compareEvents(b, c) <= 0) expect(compareEvents(a, c)).toBeLessThanOrEqual(0)
      }),
      { seed: SEED, numRuns: 5000 },
    )
  })

  it('keeps events of one record in the order of the record, whatever their types', () => {
    const packed = ['Search', 'ClickResult', 'AppClose', 'AppOpen', 'Search'].map(
      (type, subSequence) => ({ type, timeMs: 1, eventId: String(9 - subSequence), subSequence }) as Event,
    )
    const others = ['AppOpen', 'ClickResult', 'AppClose'].map((type) => ({ type, timeMs: 1, eventId: type }) as Event)
    const [open, click, close] = others as [Event, Event, Event]
    expect([...others, ...packed].reverse().sort(compareEvents)).toEqual([open, click, ...packed, close])
  })

  it('a fast estimate has at least the bytes of an exact one, with an index in a record too', () => {
    const close: Event = { type: 'AppClose', timeMs: 1, eventId: '' }
    for (const one of [close, { ...close, subSequence: 9999 }])
      expect(eventBytesAtMost(one)).toBeGreaterThanOrEqual(eventBytes(one))
    expect(eventBytes({ ...close, subSequence: 9999 })).toBeGreaterThan(eventBytes(close))
  })
})
