// Makes the points of a report's charts over time, one for each day or hour.

import { DAY_MS, HOUR_MS } from '../functions/domain/durations.ts'
import { type NonEmpty, nonEmpty } from '../functions/domain/non-empty.ts'
import { COUNTS, type Counts } from '../functions/domain/results/counts.ts'
import { hourOf, hourStartMs, hoursOf } from '../functions/domain/results/rollup.ts'
import { minuteText } from './number-text.ts'
import { daysIn, daysOf, HOURLY_DAYS_MAX, type ReportData } from './report-data.ts'

export interface TimePoint {
  readonly startMs: number
  readonly label: string
  /** Empty where there is no rollup. */
  readonly counts: Counts
  /** True where the hour or day is not over, so that its counts may still grow. */
  readonly isRunning: boolean
}

export interface TimeLine {
  readonly unit: 'hour' | 'day'
  readonly unitMs: number
  /** In order of time. */
  readonly points: NonEmpty<TimePoint>
}

export function timeLine({ range, days, hours, madeAtMs }: ReportData): TimeLine {
  const isHourly = daysIn(range) <= HOURLY_DAYS_MAX
  const unitMs = isHourly ? HOUR_MS : DAY_MS
  const counted = new Map<number, Counts>(
    isHourly ? hours.map((hour) => [hourStartMs(hourOf(hour)), hour]) : days.map((day) => [Date.parse(day.day), day]),
  )
  const starts = daysOf(range).flatMap((day) => (isHourly ? hoursOf(day).map(hourStartMs) : [Date.parse(day)]))
  const begun = starts.filter((startMs, index) => index === 0 || startMs <= madeAtMs)
  const points = begun.map((startMs) => ({
    startMs,
    label: minuteText(startMs).slice(0, isHourly ? undefined : 'YYYY-MM-DD'.length),
    counts: pickCounts(counted.get(startMs)),
    isRunning: startMs + unitMs > madeAtMs,
  }))
  return { unit: isHourly ? 'hour' : 'day', unitMs, points: isHourly ? withoutEmptyEnds(points) : nonEmpty(points) }
}

/**
 * Leaves out hours without searches at both ends, since the first or last day may be mostly empty.
 */
function withoutEmptyEnds(points: readonly TimePoint[]): NonEmpty<TimePoint> {
  const hasSearches = ({ counts }: TimePoint): boolean => (counts.searches ?? 0) > 0
  const first = points.findIndex(hasSearches)
  return nonEmpty(first === -1 ? points : points.slice(first, points.findLastIndex(hasSearches) + 1))
}

/** Returns a rollup's counts without its keys and ratios. */
export function pickCounts(rollup: Counts | undefined): Counts {
  return rollup === undefined ? {} : Object.fromEntries(COUNTS.map((name) => [name, rollup[name] ?? 0]))
}
