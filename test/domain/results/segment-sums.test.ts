// Tests the sums of searches by the values of labels (M4), and of buckets of users (M5).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { type Counts, SEARCH_COUNTS } from '../../../functions/domain/results/counts.ts'
import { rowPartition } from '../../../functions/domain/results/result.ts'
import { sumRows } from '../../../functions/domain/results/rollup.ts'
import {
  type SegmentedRow,
  type SegmentProgress,
  SegmentSums,
  sumSegments,
  VALUES_HELD_MAX,
} from '../../../functions/domain/results/segment-sums.ts'
import {
  BUCKET_COUNTS,
  BUCKETS,
  bucketOf,
  NO_VALUE,
  OTHER_VALUES,
  type SegmentSum,
} from '../../../functions/domain/results/segments.ts'
import { SEED } from '../../support/random-log.ts'

type LabelledSearch = Extract<SegmentedRow, { kind: 'search' }> & { readonly pk: string }

function search(labels: Readonly<Record<string, string>> | undefined, own: Partial<LabelledSearch> = {}) {
  const row: LabelledSearch = {
    kind: 'search',
    pk: 'user#ann',
    clicks: 0,
    result_count: 3,
    clicked_positions: '',
    time_to_first_click_ms: null,
    satisfaction: null,
    reformulated: 0,
    ...(labels !== undefined && { labels }),
    ...own,
  }
  return row
}

const inShop = (value: string, own?: Partial<LabelledSearch>): LabelledSearch => search({ application: value }, own)

function sumOf(rows: readonly SegmentedRow[], valuesMax = 50, label = 'application'): readonly SegmentSum[] {
  const sums = new SegmentSums([label], sha256)
  for (const row of rows) sums.add(row)
  return sums.all(valuesMax)[0]?.values ?? []
}

function searchesByValue(sums: readonly SegmentSum[]): [string, number | undefined][] {
  return sums.map(({ value, counts }) => [value, counts.searches])
}

function total(sums: readonly SegmentSum[]): Counts {
  return Object.fromEntries(
    SEARCH_COUNTS.map((name) => [name, sums.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0)]),
  )
}

const randomRow = fc
  .record({
    user: fc.integer({ min: 0, max: 300 }),
    value: fc.oneof(
      fc.constantFrom('', NO_VALUE, OTHER_VALUES, 'a', 'b'),
      fc.integer({ min: 0, max: 9 }).map((n) => `value ${n}`),
    ),
    isLabelled: fc.boolean(),
    clicks: fc.integer({ min: 0, max: 3 }),
    results: fc.constantFrom(null, 0, 5),
    satisfaction: fc.constantFrom(null, 'satisfied' as const, 'unknown' as const, 'unsatisfied' as const),
    reformulated: fc.constantFrom(0 as const, 1 as const),
  })
  .map(({ user, value, isLabelled, clicks, results, satisfaction, reformulated }) =>
    search(isLabelled ? { application: value, variant: 'A' } : undefined, {
      pk: `user#u${user}`,
      clicks,
      result_count: results,
      clicked_positions: clicks > 0 ? '1' : '',
      satisfaction,
      reformulated,
    }),
  )
const randomRows = fc.array(randomRow, { maxLength: 150 })
const PROPERTY = { seed: SEED, numRuns: 200 }

/** As many distinct values as an attack may send, and some that are asked more often. */
function manyValues(distinct: number): LabelledSearch[] {
  return Array.from({ length: distinct * 2 }, (_, n) => {
    const value = n % (n < distinct ? distinct : 7)
    return inShop(`value ${String(value).padStart(5, '0')}`, { pk: `user#u${n % 90}` })
  })
}

describe('the searches of an hour by value', () => {
  it('adds up to the whole, in all counts and in every bucket, whatever the rows and the maximum', () => {
    fc.assert(
      fc.property(randomRows, fc.integer({ min: 1, max: 12 }), (rows, valuesMax) => {
        const sums = sumOf(rows, valuesMax)
        const whole = sumRows(rows)
        for (const name of SEARCH_COUNTS) expect(total(sums)[name]).toBe(whole[name] ?? 0)
        for (const { counts, buckets } of sums) {
          expect(buckets).toHaveLength(BUCKETS)
          for (const name of BUCKET_COUNTS)
            expect(buckets.reduce((sum, bucket) => sum + bucket[name], 0)).toBe(counts[name] ?? 0)
        }
        const named = sums.filter(({ value }) => value !== NO_VALUE && value !== OTHER_VALUES)
        expect(named.length).toBeLessThanOrEqual(valuesMax)
      }),
      PROPERTY,
    )
  })

  it('does not depend on the order of the rows, nor on where a run stops and the next one goes on', () => {
    const stops = fc.array(fc.nat({ max: 150 }), { maxLength: 4 })
    fc.assert(
      fc.property(randomRows, fc.integer({ min: 1, max: 12 }), stops, fc.nat(), (rows, valuesMax, at, turn) => {
        const turned = [...rows.slice(turn % (rows.length + 1)), ...rows.slice(0, turn % (rows.length + 1))].reverse()
        let sums = new SegmentSums(['application', 'variant'], sha256)
        for (const [n, row] of turned.entries()) {
          if (at.includes(n)) sums = resumed(sums)
          sums.add(row)
        }
        for (const { label, values } of sums.all(valuesMax)) expect(values).toEqual(sumOf(rows, valuesMax, label))
      }),
      PROPERTY,
    )
  })

  function resumed(sums: SegmentSums): SegmentSums {
    const progress = JSON.parse(JSON.stringify(sums.progress())) as SegmentProgress
    return new SegmentSums(['application', 'variant'], sha256, progress)
  }

  it('holds a bounded number of values whatever comes, and the same ones in any order', () => {
    const rows = manyValues(5 * VALUES_HELD_MAX)
    const expected = sumOf(rows)
    expect(searchesByValue(expected).slice(0, 2)).toEqual([
      ['value 00001', 359],
      ['value 00000', 358],
    ])
    const shuffled = [...rows].sort((a, b) => (sha256(JSON.stringify(a)) < sha256(JSON.stringify(b)) ? -1 : 1))
    for (const order of [[...rows].reverse(), shuffled]) {
      const sums = new SegmentSums(['application'], sha256)
      for (const [n, row] of order.entries()) {
        sums.add(row)
        if (n % 700 === 0) expect(sums.progress()[0]?.values.length).toBeLessThanOrEqual(VALUES_HELD_MAX + 2)
      }
      expect(sums.all(50)[0]?.values).toEqual(expected)
    }
    expect(total(expected).searches).toBe(rows.length)
  })

  it('puts the most asked values first, ties by text, and adds the rest up', () => {
    const rows = [...'dcba', ...'ca', 'a'].map((value) => inShop(value))
    expect(searchesByValue(sumOf(rows, 3))).toEqual([
      ['a', 3],
      ['c', 2],
      ['b', 1],
      [OTHER_VALUES, 1],
    ])
  })

  it('counts a search without the label, with an empty value and with the name of none together', () => {
    const rows = [search(undefined), search({ variant: 'A' }), inShop(''), inShop(NO_VALUE), inShop(OTHER_VALUES)]
    expect(searchesByValue(sumOf(rows))).toEqual([
      [NO_VALUE, 4],
      [OTHER_VALUES, 1],
    ])
  })

  it('reads no property of an object for a label of its name', () => {
    const label = 'constructor'
    expect(searchesByValue(sumOf([search({ application: 'shop' })], 50, label))).toEqual([[NO_VALUE, 1]])
    expect(searchesByValue(sumOf([search({ constructor: 'shop' })], 50, label))).toEqual([['shop', 1]])
  })

  it('counts all searches of a user in one bucket, and rows of sessions in none', () => {
    const session: SegmentedRow = {
      kind: 'clicks',
      orphan_clicks: 2,
      orphan_clicks_search_elsewhere: 2,
      orphan_clicks_no_search: 0,
    }
    const [sum, ...others] = sumOf([inShop('a'), inShop('a', { clicks: 2 }), session])
    expect(others).toEqual([])
    const bucket = bucketOf(rowPartition('ann'), sha256)
    expect(sum?.buckets[bucket]).toMatchObject({ searches: 2, searches_with_click: 1, clicks: 2 })
    expect(sum?.buckets.filter(({ searches }) => searches > 0)).toHaveLength(1)
  })
})

describe('the searches of a day by value', () => {
  it('names the first values of its hours, in their order, and adds the rest up', () => {
    const morning = sumOf(['b', 'b', 'a', ''].map((value) => inShop(value)))
    const noon = sumOf(['c', 'a', 'a'].map((value) => inShop(value)))
    expect(searchesByValue(sumSegments([morning, noon], 50))).toEqual([
      ['b', 2],
      ['a', 3],
      ['c', 1],
      [NO_VALUE, 1],
    ])
    expect(searchesByValue(sumSegments([morning, noon], 1))).toEqual([
      ['b', 2],
      [NO_VALUE, 1],
      [OTHER_VALUES, 4],
    ])
  })

  it('adds up to the whole of its hours, in all counts and in every bucket', () => {
    fc.assert(
      fc.property(fc.array(randomRows, { maxLength: 4 }), fc.integer({ min: 1, max: 8 }), (hours, valuesMax) => {
        const sums = sumSegments(
          hours.map((rows) => sumOf(rows, valuesMax)),
          valuesMax,
        )
        const whole = sumRows(hours.flat())
        for (const name of SEARCH_COUNTS) expect(total(sums)[name]).toBe(whole[name] ?? 0)
        for (const { counts, buckets } of sums) {
          for (const name of BUCKET_COUNTS)
            expect(buckets.reduce((sum, bucket) => sum + bucket[name], 0)).toBe(counts[name] ?? 0)
        }
      }),
      PROPERTY,
    )
  })
})
