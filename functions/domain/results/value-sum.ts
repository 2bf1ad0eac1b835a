// Sums the searches with one value of a label: their counts, and those of each bucket of users.

import { type CountedSearch, CountSum } from './count-sum.ts'
import { addCounts, type CountName, type Counts, SEARCH_COUNTS } from './counts.ts'
import { BUCKET_COUNTS, BUCKETS, type BucketCounts, type SegmentSum } from './segments.ts'

/** The `BUCKET_COUNTS` of each bucket in their order. Null for a bucket without a search. */
export type BucketSums = readonly (readonly number[] | null)[]

/** Holds only the buckets that have a search, since most values of an hour have few users. */
export class ValueSum {
  #counts = new CountSum()
  readonly buckets: (number[] | null)[] = Array.from({ length: BUCKETS }, () => null)

  get counts(): Counts {
    return this.#counts.counts
  }

  add(row: CountedSearch, bucket: number, counts: readonly number[]): void {
    this.#counts.add(row)
    this.#addToBucket(bucket, counts)
  }

  merge(counts: Counts, buckets: BucketSums): void {
    this.#counts = new CountSum(addCounts(this.counts, counts))
    for (const [bucket, added] of buckets.entries()) if (added !== null) this.#addToBucket(bucket, added)
  }

  toSegment(value: string): SegmentSum {
    const counts = SEARCH_COUNTS.flatMap((name): [CountName, number][] => {
      const count = this.counts[name] ?? 0
      return count === 0 ? [] : [[name, count]]
    })
    return { value, counts: Object.fromEntries(counts), buckets: this.buckets.map(toBucketCounts) }
  }

  #addToBucket(bucket: number, added: readonly number[]): void {
    const counts = this.buckets[bucket]
    if (counts == null) this.buckets[bucket] = [...added]
    else for (const [n, count] of added.entries()) counts[n] = (counts[n] as number) + count
  }
}

/** Returns what a search adds to its bucket. */
export function bucketCountsOf(row: CountedSearch): BucketCounts {
  return {
    searches: 1,
    searches_with_click: row.clicks > 0 ? 1 : 0,
    satisfied_searches: row.satisfaction === 'satisfied' ? 1 : 0,
    unknown_satisfaction_searches: row.satisfaction === 'unknown' ? 1 : 0,
    clicks: row.clicks,
    zero_result_searches: row.result_count === 0 ? 1 : 0,
    reformulated_searches: row.reformulated,
  }
}

export function bucketSums(buckets: readonly BucketCounts[]): BucketSums {
  return buckets.map((counts) => (counts.searches === 0 ? null : bucketNumbers(counts)))
}

/** A day has up to 6,528 buckets for a label, so this must not be slow. */
export function toBucketCounts(numbers: readonly number[] | null): BucketCounts {
  const counts = {} as Record<(typeof BUCKET_COUNTS)[number], number>
  for (let n = 0; n < BUCKET_COUNTS.length; n++) counts[BUCKET_COUNTS[n] as keyof BucketCounts] = numbers?.[n] ?? 0
  return counts
}

export function bucketNumbers(counts: BucketCounts): number[] {
  return BUCKET_COUNTS.map((name) => counts[name])
}
