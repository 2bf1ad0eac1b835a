// Defines the sums of searches by the value of a label (M4), and of each bucket of users in them
// (M5).

import type { Digest } from '../events/event.ts'
import type { Counts } from './counts.ts'
import { BASE64URL, dayKey, dayOf, hourKey, ROLLUP_SCHEMA } from './rollup.ts'

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

/** Names the searches with one value of a label. */
export interface Segment {
  readonly label: string
  /** `NO_VALUE` for searches without the label, `OTHER_VALUES` for values that sums do not name. */
  readonly value: string
}

/** The searches with one value of a label. */
export interface SegmentSum {
  readonly value: string
  /** The `SEARCH_COUNTS` that are not 0. */
  readonly counts: Counts
  /** The sums of `BUCKETS` buckets of users, by bucket. Sums of several days add up by bucket. */
  readonly buckets: readonly BucketCounts[]
}

/** Whether the value stands for searches that no value of their own counts. */
export function isRest(value: string): boolean {
  return value === NO_VALUE || value === OTHER_VALUES
}

/**
 * The bucket of a stored user, from 0, alike on every day. The digest is that of the row's
 * partition: a producer that splits users by a digest of their ids splits them otherwise.
 *
 * @param partition the `pk` of a row of the user.
 */
export function bucketOf(partition: string, digest: Digest): number {
  return BASE64URL.indexOf(digest(partition).slice(0, 1))
}

interface CommonSegments {
  readonly pk: string
  readonly sk: string
  readonly schema: typeof ROLLUP_SCHEMA
  readonly label: string
  readonly day: string
  /** `NO_VALUE` and `OTHER_VALUES` come last, where they have searches. */
  readonly values: readonly SegmentSum[]
}

/** The searches of an hour by the values of a label, the most asked value first. */
export interface HourSegments extends CommonSegments {
  readonly kind: 'hour-segments'
  /** UTC, 0 to 23. */
  readonly hour: number
  /** As that of the hour's sum. */
  readonly rows_expire_at: string | null
}

/** The searches of a day by the values of a label, in the order in which its hours name them. */
export interface DaySegments extends CommonSegments {
  readonly kind: 'day-segments'
}

export type SegmentRollup = HourSegments | DaySegments

export function hourSegmentsKey(label: string, hour: string): { pk: string; sk: string } {
  return { pk: `${hourKey(hour).pk}#${label}`, sk: hour }
}

export function daySegmentsKey(label: string, day: string): { pk: string; sk: string } {
  return { pk: `${dayKey(day).pk}#${label}`, sk: day }
}

export function hourSegments(
  label: string,
  hour: string,
  values: readonly SegmentSum[],
  rowsExpireAt: string | null,
): HourSegments {
  return {
    ...hourSegmentsKey(label, hour),
    kind: 'hour-segments',
    schema: ROLLUP_SCHEMA,
    label,
    day: dayOf(hour),
    hour: Number(hour.slice(-2)),
    rows_expire_at: rowsExpireAt,
    values,
  }
}

export function daySegments(label: string, day: string, values: readonly SegmentSum[]): DaySegments {
  return { ...daySegmentsKey(label, day), kind: 'day-segments', schema: ROLLUP_SCHEMA, label, day, values }
}
