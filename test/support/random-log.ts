// Generates random logs for property tests, with many equal times, exact gaps, closers and merges.

import fc from 'fast-check'
import type { Event } from '../../functions/domain/events/event.ts'
import { at, event, type Sent } from './events.ts'

/** Fixed, and printed with a failure, so that a failing run can be repeated. */
export const SEED = 20260302

export const GAP_SECONDS = 10

/** Times on a coarse grid, so that exact gaps, equal times and merges are common. */
const seconds = fc.oneof(
  fc.integer({ min: 0, max: 120 }),
  fc.integer({ min: 0, max: 24 }).map((n) => n * 5),
)

const sent: fc.Arbitrary<Sent> = fc.oneof(
  fc.constant({ type: 'AppOpen' }),
  fc.record({
    type: fc.constant('Search'),
    query: fc.constantFrom('dogs', 'cats'),
    searchId: fc.option(fc.constantFrom('s1', 's2', 's3'), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('Results'),
    items: fc.subarray(['a', 'b', 'c', 'd']),
    searchId: fc.option(fc.constantFrom('s1', 's2'), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('ClickResult'),
    item: fc.constantFrom('a', 'b', 'c', 'z'),
    searchId: fc.option(fc.constantFrom('s1', 's9'), { nil: undefined }),
  }),
  fc.constantFrom({ type: 'AppClose' }, { type: 'Timeout' }),
)

/** One user's events, in random order. Events of different types share ids (E2). */
export const randomLog: fc.Arbitrary<Event[]> = fc
  .array(fc.tuple(seconds, sent), { minLength: 1, maxLength: 30 })
  .map((rows) => withIds(rows.map(([second, fields]) => ({ ...fields, time: at(second) }))).map((one) => event(one)))

/** Events of three users as producers send them, each with an id that other types share (E2). */
export const randomSends: fc.Arbitrary<Sent[]> = fc
  .array(fc.tuple(seconds, sent, fc.constantFrom('ann', 'ben', 'cleo')), { minLength: 1, maxLength: 30 })
  .map((rows) => withIds(rows.map(([second, fields, user]) => ({ ...fields, user, time: at(second) }))))

function withIds(all: readonly Sent[]): Sent[] {
  const counts = new Map<unknown, number>()
  return all.map((one) => {
    const count = counts.get(one.type) ?? 0
    counts.set(one.type, count + 1)
    return { ...one, eventId: `e${count}` }
  })
}
