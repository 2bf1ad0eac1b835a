// Tests that the index of a session's events answers as a scan of the events would.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Event, eventBytes, eventBytesAtMost } from '../../../functions/domain/events/event.ts'
import { toClose } from '../../../functions/domain/sessions/closing.ts'
import { bytesAtMost, bytesOf, findCopy } from '../../../functions/domain/sessions/event-index.ts'
import { apply, NEW_USER } from '../../../functions/domain/sessions/user-state.ts'
import { at, bare, onTime, RULES, results, search } from '../../support/events.ts'
import { randomLog, SEED } from '../../support/random-log.ts'

describe('the index of a long list of events', () => {
  it('answers from the index of a long list what a scan of the list answers', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 200 }), { maxLength: 60 }), fc.nat({ max: 200 }), (ids, asked) => {
        const events: Event[] = ids.map((id) => search(at(id), { eventId: `e${id}`, query: 'ä'.repeat(id) }))
        const sought = search(at(0), { eventId: `e${asked}` })
        expect(findCopy(events, sought)?.eventId).toBe(ids.includes(asked) ? sought.eventId : undefined)
        expect(findCopy(events, bare('AppOpen', at(0), { eventId: `e${asked}` }))).toBeUndefined()
        expect(bytesOf(events)).toBe(events.reduce((sum, event) => sum + eventBytes(event), 0))
        expect(bytesAtMost(events)).toBeGreaterThanOrEqual(bytesOf(events))
      }),
      { seed: SEED },
    )
  })

  it('never estimates fewer bytes for an event than eventBytes counts', () => {
    fc.assert(
      fc.property(randomLog, (events) => {
        for (const event of events) expect(eventBytesAtMost(event)).toBeGreaterThanOrEqual(eventBytes(event))
      }),
      { seed: SEED },
    )
  })
})

it('closes a session of a crowded state, although the fast estimate calls it small', () => {
  const lists = (start: number) =>
    Array.from({ length: 5 }, (_, n) => {
      const items = Array.from({ length: 1000 }, (_, item) => `${item}`)
      return onTime(results(at(start + n), items, { eventId: `r${start + n}` }))
    })
  const first = apply(NEW_USER, [], lists(0), RULES).state
  const { state } = apply(first, [], lists(4000), RULES)
  expect(toClose(state, at(4000), RULES, 'limits')).toHaveLength(1)
})
