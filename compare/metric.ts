// Defines the metrics by which variants are compared, as ratios of the counts of buckets.

import type { BucketCounts } from '../functions/domain/results/segments.ts'

export interface ComparedMetric {
  /** Names the ratio in a sentence. */
  readonly title: string
  readonly numerator: keyof BucketCounts
  /** The searches that the denominator leaves out. Null for none. */
  readonly without: keyof BucketCounts | null
  /** A share is at most 1 and printed in percent. */
  readonly unit: 'share' | 'number'
}

export const COMPARED_METRICS = {
  ctr: { title: 'click-through rate', numerator: 'searches_with_click', without: null, unit: 'share' },
  satisfied: {
    title: 'satisfied rate',
    numerator: 'satisfied_searches',
    without: 'unknown_satisfaction_searches',
    unit: 'share',
  },
  'clicks-per-search': { title: 'number of clicks per search', numerator: 'clicks', without: null, unit: 'number' },
  'zero-results': { title: 'zero-result rate', numerator: 'zero_result_searches', without: null, unit: 'share' },
  reformulated: { title: 'reformulation rate', numerator: 'reformulated_searches', without: null, unit: 'share' },
} as const satisfies Record<string, ComparedMetric>

export type MetricName = keyof typeof COMPARED_METRICS
export const METRIC_NAMES = Object.keys(COMPARED_METRICS) as MetricName[]

export function denominatorOf(counts: BucketCounts, { without }: ComparedMetric): number {
  return counts.searches - (without === null ? 0 : counts[without])
}
