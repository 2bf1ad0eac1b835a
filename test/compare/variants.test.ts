// Tests how the variants of a label are gathered from the sums of days.

import { describe, expect, it } from 'vitest'
import { COMPARED_METRICS, METRIC_NAMES } from '../../compare/metric.ts'
import { comparedByBuckets, sumVariants } from '../../compare/variants.ts'
import { BUCKET_COUNTS, BUCKETS, type BucketCounts, type SegmentSum } from '../../functions/domain/results/segments.ts'

const NO_COUNTS = Object.fromEntries(BUCKET_COUNTS.map((name) => [name, 0])) as unknown as BucketCounts

/** The sum of a value whose searches all fall into one bucket. */
function value(name: string, bucket: number, counts: Partial<BucketCounts>): SegmentSum {
  const buckets = Array.from({ length: BUCKETS }, (_, n) => (n === bucket ? { ...NO_COUNTS, ...counts } : NO_COUNTS))
  return { value: name, counts, buckets }
}

describe('the variants of a label', () => {
  it('add up by bucket over the days, in the order of their names', () => {
    const { variants } = sumVariants([
      [value('b', 3, { searches: 2 }), value('a', 3, { searches: 5, clicks: 1 })],
      [value('a', 3, { searches: 1, clicks: 4 }), value('a', 60, { searches: 7 })],
    ])
    expect(variants.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(variants[0]?.buckets[3]).toEqual({ ...NO_COUNTS, searches: 6, clicks: 5 })
    expect(variants[0]?.buckets[60]).toEqual({ ...NO_COUNTS, searches: 7 })
  })

  it('leave out searches without a value and those beyond the limit of values', () => {
    const { variants, leftOut } = sumVariants([
      [value('(none)', 0, { searches: 3 }), value('(other)', 1, { searches: 4 }), value('a', 1, { searches: 1 })],
      [{ ...value('(none)', 9, { searches: 10 }), buckets: [] }],
    ])
    expect(variants.map(({ name }) => name)).toEqual(['a'])
    expect(leftOut).toEqual({ none: 13, other: 4 })
    expect(sumVariants([])).toEqual({ variants: [], leftOut: { none: 0, other: 0 } })
  })

  it.each([
    ['ctr', 3, 10],
    ['satisfied', 2, 9],
    ['clicks-per-search', 14, 10],
    ['zero-results', 4, 10],
    ['reformulated', 5, 10],
  ] as const)('are compared by %s as the ratio that hours and days have', (name, numerator, denominator) => {
    const { variants } = sumVariants([
      [
        value('a', 8, {
          searches: 10,
          searches_with_click: 3,
          satisfied_searches: 2,
          unknown_satisfaction_searches: 1,
          clicks: 14,
          zero_result_searches: 4,
          reformulated_searches: 5,
        }),
      ],
    ])
    expect(METRIC_NAMES).toContain(name)
    for (const sum of variants) {
      const { observations, searches } = comparedByBuckets(sum, COMPARED_METRICS[name])
      expect([observations.numerators[8], observations.denominators[8], searches]).toEqual([numerator, denominator, 10])
    }
  })
})
