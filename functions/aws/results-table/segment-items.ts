// Converts the searches of an hour or a day by the values of a label to an item, and back.

import { SEARCH_COUNTS } from '../../domain/results/counts.ts'
import { ratiosOf, satisfactionRatiosOf } from '../../domain/results/ratios.ts'
import {
  BUCKET_COUNTS,
  BUCKETS,
  type BucketCounts,
  type SegmentRollup,
  type SegmentSum,
} from '../../domain/results/segments.ts'
import { bucketNumbers, toBucketCounts } from '../../domain/results/value-sum.ts'
import { UnreadableItemError } from '../../ports.ts'
import { deflateText, inflateText } from '../runtime/deflated-text.ts'
import { readItem } from '../runtime/item-schema.ts'
import type { Item } from '../runtime/table-items.ts'

/**
 * The attribute with the values as users read them: a list of maps with the value, its counts but
 * for those that are 0, and its ratios.
 */
const VALUES = 'values'
/**
 * The attribute with the buckets as deflated JSON, in the order of the values: for each value 64
 * lists of the `BUCKET_COUNTS`. As maps, they would take most of an item.
 */
const BUCKET_TEXT = 'buckets'
/** The text of the most values and the largest counts is a sixth of this. */
const BUCKET_TEXT_BYTES_MAX = 5_000_000

export function isSegmentItem({ kind }: Item): boolean {
  return kind === 'hour-segments' || kind === 'day-segments'
}

export function segmentItem(segments: SegmentRollup): Item {
  const { values } = segments
  const text = JSON.stringify(values.map(({ buckets }) => buckets.map(bucketNumbers)))
  return { ...segments, [VALUES]: values.map(valueItem), [BUCKET_TEXT]: deflateText(text) }
}

function valueItem({ value, counts }: SegmentSum): Item {
  const ratios = Object.entries({ ...ratiosOf(counts), ...satisfactionRatiosOf(counts) })
  return { value, ...counts, ...Object.fromEntries(ratios.filter(([, ratio]) => ratio !== null)) }
}

/**
 * Throws UnreadableItemError for an item that holds no such sums.
 *
 * @param hasBuckets false leaves the buckets empty, which take most of the time and memory.
 */
export function readSegments({ [BUCKET_TEXT]: text, ...item }: Item, hasBuckets = true): SegmentRollup {
  const what = `the sums by label ${item.pk} ${item.sk}`
  return readItem(what, () => {
    const values = item[VALUES]
    if (!Array.isArray(values) || !isTime(item.rows_expire_at)) throw damaged(what)
    const buckets = hasBuckets ? readBuckets(text as Uint8Array) : []
    if (hasBuckets && buckets.length !== values.length) throw damaged(what)
    const sums = values.map((value, n) => ({ ...readValue(value, what), buckets: buckets[n] ?? [] }))
    return { ...item, [VALUES]: sums } as unknown as SegmentRollup
  })
}

/** Throws for a text of anything but buckets. */
function readBuckets(text: Uint8Array): BucketCounts[][] {
  const stored = JSON.parse(inflateText(text, BUCKET_TEXT_BYTES_MAX)) as number[][][]
  return stored.map((buckets) => {
    if (buckets.length !== BUCKETS || !buckets.every(isBucket)) throw new TypeError('these are no buckets')
    return buckets.map(toBucketCounts)
  })
}

function readValue(item: Item, what: string): Omit<SegmentSum, 'buckets'> {
  const { value } = item
  const counted = SEARCH_COUNTS.filter((name) => item[name] !== undefined)
  const areNumbers = counted.every((name) => Number.isFinite(item[name]))
  if (typeof value !== 'string' || !areNumbers) throw damaged(what)
  const counts = Object.fromEntries(counted.map((name) => [name, item[name] as number]))
  return { value, counts }
}

function isBucket(numbers: unknown): boolean {
  return Array.isArray(numbers) && numbers.length === BUCKET_COUNTS.length && numbers.every(Number.isFinite)
}

/** Sums of days have no time of expiry. */
function isTime(value: unknown): boolean {
  return value == null || Number.isFinite(Date.parse(String(value)))
}

function damaged(what: string): UnreadableItemError {
  return new UnreadableItemError(`${what} hold a value that is no count`)
}
