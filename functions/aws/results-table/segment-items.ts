// Converts the searches of an hour or a day by the values of a label to an item, and back.

import { SEARCH_COUNTS } from '../../domain/results/counts.ts'
import { ratiosOf, satisfactionRatiosOf } from '../../domain/results/ratios.ts'
import { BUCKET_COUNTS, BUCKETS, type SegmentRollup, type SegmentSum } from '../../domain/results/segments.ts'
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

/** Throws UnreadableItemError for an item that holds no such sums. */
export function readSegments({ [BUCKET_TEXT]: text, ...item }: Item): SegmentRollup {
  const what = `the sums by label ${item.pk} ${item.sk}`
  return readItem(what, () => {
    const values = item[VALUES]
    const buckets: unknown = JSON.parse(inflateText(text as Uint8Array, BUCKET_TEXT_BYTES_MAX))
    const isWhole = Array.isArray(values) && Array.isArray(buckets) && values.length === buckets.length
    if (!isWhole || !isTime(item.rows_expire_at)) throw damaged(what)
    const sums = values.map((value, n) => readValue(value, buckets[n], what))
    return { ...item, [VALUES]: sums } as unknown as SegmentRollup
  })
}

function readValue(item: Item, buckets: unknown, what: string): SegmentSum {
  const { value } = item
  const counted = SEARCH_COUNTS.filter((name) => item[name] !== undefined)
  const areNumbers = counted.every((name) => Number.isFinite(item[name]))
  const areBuckets = Array.isArray(buckets) && buckets.length === BUCKETS && buckets.every(isBucket)
  if (typeof value !== 'string' || !areNumbers || !areBuckets) throw damaged(what)
  const counts = Object.fromEntries(counted.map((name) => [name, item[name] as number]))
  return { value, counts, buckets: buckets.map(toBucketCounts) }
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
