// Labels the ranges in which rollups count times, and finds the range of the median.

import type { CountName, Counts } from '../functions/domain/results/counts.ts'
import { durationText } from './number-text.ts'

/** Names of counts and the inclusive upper ends of their ranges in milliseconds, in order. */
export type Ranges = readonly (readonly [CountName, number])[]

export interface RangeCount {
  /** Such as `5 to 10 s`. */
  readonly label: string
  readonly count: number
}

export function rangeCounts(ranges: Ranges, counts: Counts): RangeCount[] {
  return ranges.map(([name, endMs], index) => ({
    label: rangeText(ranges[index - 1]?.[1] ?? null, endMs),
    count: counts[name] ?? 0,
  }))
}

/**
 * Returns the label of the median's range, or null without values. With an even number of values,
 * the median is the lower one in the middle.
 */
export function medianRange(ranges: readonly RangeCount[]): string | null {
  const total = ranges.reduce((sum, { count }) => sum + count, 0)
  const middle = Math.ceil(total / 2)
  let below = 0
  for (const { label, count } of ranges) {
    below += count
    if (count > 0 && below >= middle) return label
  }
  return null
}

function rangeText(startMs: number | null, endMs: number): string {
  if (startMs === null) return `up to ${durationText(endMs)}`
  if (endMs === Number.POSITIVE_INFINITY) return `over ${durationText(startMs)}`
  const [start, startUnit] = durationText(startMs).split(' ')
  const end = durationText(endMs)
  return end.endsWith(` ${startUnit}`) ? `${start} to ${end}` : `${start} ${startUnit} to ${end}`
}
