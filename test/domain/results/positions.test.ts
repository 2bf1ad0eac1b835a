// Tests at which position a click counts, and which search a user who comes back clicks in.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { compareEvents, type Event } from '../../../functions/domain/events/event.ts'
import { attribute } from '../../../functions/domain/results/attribution.ts'
import { toRows } from '../../../functions/domain/results/result-rows.ts'
import { toSessions } from '../../../functions/domain/sessions/session.ts'
import { oracleResults } from '../../../sim/oracle-results.ts'
import { countsIn } from '../../../sim/row-invariants.ts'
import { at, click, event, ROW_RULES, RULES, results, type Sent, search } from '../../support/events.ts'
import { SEED } from '../../support/random-log.ts'

const FIRST = { searchId: 's1' }

/** The positions of the clicks, in order of their searches. */
function positionsOf(events: readonly Event[]): (number | null)[] {
  const { searches } = attribute([...events].sort(compareEvents))
  return searches.flatMap(({ clicks }) => clicks.map(({ position }) => position))
}

describe('the position of a click (R4a)', () => {
  const page = (second: number, items: string, sent: Sent = {}): Event =>
    results(at(second), [...items], { ...FIRST, ...sent })
  const clickAt = (second: number, item: string, sent: Sent = {}): Event =>
    click(at(second), item, { ...FIRST, ...sent })

  it('is the ordinal where 31 lists come between two that share no item, and the rank where 32 do', () => {
    const position = (others: number) => {
      const between = Array.from({ length: others }, (_, n) => page(1.1 + n / 1000, 'xy'))
      const lists = [page(1, 'ax'), ...between, page(1.9, 'yb')]
      return positionsOf([search(at(0), FIRST), ...lists, clickAt(9, 'a', { ubiOrdinal: 9 })])
    }
    expect([position(31), position(32)]).toEqual([[9], [1]])
  })

  it.each<[string, Event[], number | null]>([
    ['is the one that the producer sent', [page(1, 'abc'), clickAt(9, 'b', { position: 7 })], 7],
    ['is the rank in the list', [page(1, 'abc'), clickAt(9, 'b')], 2],
    ['goes on counting on the next page', [page(1, 'abc'), page(5, 'xyz'), clickAt(9, 'x')], 4],
    ['counts a page that is shown again once', [page(1, 'abc'), page(3, 'abc'), page(5, 'xyz'), clickAt(9, 'x')], 4],
    ['is that of a re-sorted list after it was shown', [page(1, 'abc'), page(5, 'cab'), clickAt(9, 'c')], 1],
    ['is that of the first list before it was re-sorted', [page(1, 'abc'), clickAt(3, 'c'), page(5, 'cab')], 3],
    ['is that of the first list after the click where none came before', [clickAt(1, 'b'), page(2, 'abc')], 2],
    ['begins at the offset of the list', [page(1, 'abc', { offset: 20 }), clickAt(9, 'b')], 22],
    [
      'is unknown past the largest safe integer',
      [page(1, 'ab', { offset: Number.MAX_SAFE_INTEGER }), clickAt(9, 'a')],
      null,
    ],
    ['goes on after a list with an offset', [page(1, 'abc', { offset: 20 }), page(5, 'xyz'), clickAt(9, 'x')], 24],
    ['is the rank where the list disagrees with the ordinal', [page(1, 'abc'), clickAt(9, 'b', { ubiOrdinal: 3 })], 2],
    ['is the ordinal where no list has the item', [page(1, 'abc'), clickAt(9, 'q', { ubiOrdinal: 3 })], 3],
    [
      'is the ordinal where two lists came at once',
      [page(1, 'abc'), page(2, 'xyz'), clickAt(9, 'y', { ubiOrdinal: 2 })],
      2,
    ],
    [
      'is the rank where the second list came more than a second later',
      [page(1, 'abc'), page(2.001, 'xyz'), clickAt(9, 'y', { ubiOrdinal: 2 })],
      5,
    ],
    [
      'is the rank where lists came at once and the click has no ordinal',
      [page(1, 'abc'), page(2, 'xyz'), clickAt(9, 'y')],
      5,
    ],
    [
      'is the rank where an empty list came at once',
      [page(1, 'abc'), page(1, ''), clickAt(9, 'b', { ubiOrdinal: 3 })],
      2,
    ],
    ['is unknown where no list has the item and it has no ordinal', [page(1, 'abc'), clickAt(9, 'q')], null],
  ])('%s', (_, events, expected) => {
    expect(positionsOf([search(at(0), FIRST), ...events])).toEqual([expected])
  })
})

describe('a user who comes back to a search (R1)', () => {
  const [dogs, cats] = [search(at(0), FIRST), search(at(5), { searchId: 's2', query: 'cats' })]
  const back = search(at(10), FIRST)
  const clicksOf = (events: readonly Event[]): number[] =>
    attribute([...events].sort(compareEvents)).searches.map(({ clicks }) => clicks.length)

  it('clicks in that search', () => {
    expect(clicksOf([dogs, cats, back, click(at(11), 'q')])).toEqual([1, 0])
  })

  it('clicks in that search where both list the item', () => {
    const lists = [results(at(1), ['x'], FIRST), results(at(6), ['x'], { searchId: 's2' })]
    expect(clicksOf([dogs, cats, back, ...lists, click(at(9), 'x'), click(at(11), 'x')])).toEqual([1, 1])
  })

  it('gets a Results without a searchId for that search (R2)', () => {
    const { searches } = attribute([dogs, cats, back, results(at(11), ['x'])])
    expect(searches.map(({ results: lists }) => lists.length)).toEqual([1, 0])
  })
})

const ids = fc.option(fc.constantFrom('s1', 's2', 's9'), { nil: undefined })
const items = fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e', 'f'])
const sent: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({ type: fc.constant('Search'), query: fc.constant('dogs'), searchId: ids }),
  fc.record({
    type: fc.constant('Results'),
    items,
    searchId: ids,
    offset: fc.option(fc.nat(9), { nil: undefined, freq: 4 }),
  }),
  fc.record({
    type: fc.constant('ClickResult'),
    item: fc.constantFrom('a', 'b', 'c', 'd', 'z'),
    searchId: ids,
    ubiOrdinal: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  }),
)

it('credits and ranks the clicks of any session as the naive reading of the rules does (R1-R4a, R8)', () => {
  const tenths = fc.integer({ min: 0, max: 60 })
  const log = fc
    .array(fc.tuple(tenths, sent), { minLength: 1, maxLength: 25 })
    .map((rows) => rows.map(([tenth, fields], n) => event({ ...fields, time: at(tenth / 2), eventId: `e${n}` })))
  fc.assert(
    fc.property(log, (events) => {
      const [session] = toSessions(events.sort(compareEvents), [], RULES)
      if (session === undefined) throw new Error('no session')
      const rows = toRows({ user: 'ann', session, reason: 'gap', version: 1 }, sha256, ROW_RULES)
      expect(countsIn(rows)).toEqual(oracleResults(session.events, []))
    }),
    { seed: SEED, numRuns: 1000 },
  )
})
