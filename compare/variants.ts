// Gathers the variants of a label from the sums of days, by bucket of users (M5).

import {
  type BucketCounts,
  isRest,
  NO_VALUE,
  OTHER_VALUES,
  type SegmentSum,
} from '../functions/domain/results/segments.ts'
import { bucketSums, toBucketCounts, ValueSum } from '../functions/domain/results/value-sum.ts'
import type { ComparedInput } from './comparison.ts'
import { effectiveUsersOfBuckets } from './effective-users.ts'
import { type ComparedMetric, denominatorOf } from './metric.ts'
import { sumOf } from './observations.ts'

export interface VariantSum {
  readonly name: string
  /** The sums of all days, by bucket. */
  readonly buckets: readonly BucketCounts[]
}

export interface SummedVariants {
  /** In the order of their names. */
  readonly variants: readonly VariantSum[]
  /** The searches of no variant: without the label, and with values beyond `segmentValuesMax`. */
  readonly leftOut: { readonly none: number; readonly other: number }
}

/** @param days the values of the label on each day. */
export function sumVariants(days: readonly (readonly SegmentSum[])[]): SummedVariants {
  const sums = new Map<string, ValueSum>()
  const leftOut = { none: 0, other: 0 }
  for (const { value, counts, buckets } of days.flat()) {
    // An hour from before the setting has its searches here, and no buckets.
    if (value === NO_VALUE) leftOut.none += counts.searches ?? 0
    if (value === OTHER_VALUES) leftOut.other += counts.searches ?? 0
    if (isRest(value)) continue
    const sum = sums.get(value) ?? new ValueSum()
    sum.merge(counts, bucketSums(buckets))
    sums.set(value, sum)
  }
  const variants = [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, sum]) => ({ name, buckets: sum.buckets.map(toBucketCounts) }))
  return { variants, leftOut }
}

/** Returns what a comparison by buckets takes of a variant. */
export function comparedByBuckets({ name, buckets }: VariantSum, metric: ComparedMetric): ComparedInput {
  const observations = {
    numerators: Float64Array.from(buckets, (counts) => counts[metric.numerator]),
    denominators: Float64Array.from(buckets, (counts) => denominatorOf(counts, metric)),
  }
  return {
    name,
    searches: searchesIn(buckets),
    observations,
    // Each user has a search, or more.
    effectiveUsers: Math.min(effectiveUsersOfBuckets(observations.denominators), sumOf(observations.denominators)),
  }
}

function searchesIn(buckets: readonly BucketCounts[]): number {
  return buckets.reduce((sum, { searches }) => sum + searches, 0)
}
