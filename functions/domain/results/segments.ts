// Defines the sums of searches by the value of a label (M4), and of each bucket of users in them
// (M5).

import type { Digest } from '../events/event.ts'
import type { Counts } from './counts.ts'
import { rowPartition } from './result.ts'
import { BASE64URL } from './rollup.ts'

/** Counts a search without the label, and one with this as its value. */
export const NO_VALUE = '(none)'
/** Counts the values beyond `segmentValuesMax`. */
export const OTHER_VALUES = '(other)'

export const BUCKETS = 64

/** The counts that each bucket holds: the numerators and denominators that variants compare. */
export const BUCKET_COUNTS = [
  'searches',
  'searches_with_click',
  'satisfied_searches',
  'unknown_satisfaction_searches',
  'clicks',
  'zero_result_searches',
  'reformulated_searches',
] as const
export type BucketCounts = Readonly<Record<(typeof BUCKET_COUNTS)[number], number>>

/** The searches with one value of a label. */
export interface SegmentSum {
  readonly value: string
  /** The `SEARCH_COUNTS`. */
  readonly counts: Counts
  /** The sums of `BUCKETS` buckets of users, by bucket. Sums of several days add up by bucket. */
  readonly buckets: readonly BucketCounts[]
}

/**
 * The bucket of a stored user, from 0, alike on every day. The digest is that of the row's
 * partition: a producer that splits users by a digest of their ids splits them otherwise.
 */
export function bucketOf(user: string, digest: Digest): number {
  return BASE64URL.indexOf(digest(rowPartition(user)).slice(0, 1))
}
