// A report's time line: its rollups in, a point for each day or each hour with searches around it out.

import { DAY_MS, HOUR_MS } from '../functions/domain/durations.ts'
import { COUNTS, type Counts } from '../functions/domain/results/counts.ts'
import { hourOf, hourStartMs, hoursOf } from '../functions/domain/results/rollup.ts'
import { minuteText } from './number-text.ts'
import { daysIn, daysOf, HOURLY_DAYS_MAX, type ReportData } from './report-data.ts'

export interface TimePoint {
  readonly startMs: number
  readonly label: string
  /** Empty where nothing was counted. */
  readonly counts: Counts
  /** Its counts may still grow. */
  readonly isRunning: boolean
}

export interface TimeLine {
  readonly unit: 'hour' | 'day'
  readonly unitMs: number
  /** In order, never empty. */
  readonly points: readonly TimePoint[]
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
  return { unit: isHourly ? 'hour' : 'day', unitMs, points: isHourly ? withoutEmptyEnds(points) : points }
}

/** Most of a day may be a night without searches. */
function withoutEmptyEnds(points: readonly TimePoint[]): readonly TimePoint[] {
  const isSearched = ({ counts }: TimePoint): boolean => (counts.searches ?? 0) > 0
  const first = points.findIndex(isSearched)
  return first === -1 ? points : points.slice(first, points.findLastIndex(isSearched) + 1)
}

/** A rollup without its keys and ratios. */
export function pickCounts(rollup: Counts | undefined): Counts {
  return rollup === undefined ? {} : Object.fromEntries(COUNTS.map((name) => [name, rollup[name] ?? 0]))
}
