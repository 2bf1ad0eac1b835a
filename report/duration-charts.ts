// Charts the times to the first click and the lengths of sessions.

import { type Counts, FIRST_CLICK_RANGES, SESSION_RANGES } from '../functions/domain/results/counts.ts'
import { barDrawing } from './bar-drawing.ts'
import { chartFigure } from './chart-figure.ts'
import { HALF, NARROW } from './drawing.ts'
import type { Markup } from './markup.ts'
import { compactText, countOf, countText, durationText, shareText } from './number-text.ts'
import { medianRange, type RangeCount, type Ranges, rangeCounts } from './value-ranges.ts'

interface Durations {
  readonly id: string
  readonly title: string
  readonly formula: string
  readonly xLabel: string
  readonly one: string
  readonly many: string
  readonly ranges: Ranges
  readonly averageMs: number | null
}

export function firstClickTimes(counts: Counts): Markup {
  const { first_click_ms_sum: sumMs = 0, searches_with_click: clicked = 0 } = counts
  return durationChart(counts, {
    id: 'first-click-times',
    title: 'Time to the first click',
    formula: 'searches with a click, by the time from the search to its first click',
    xLabel: 'time to the first click, up to',
    one: 'search with a click',
    many: 'searches with a click',
    ranges: FIRST_CLICK_RANGES,
    averageMs: clicked === 0 ? null : sumMs / clicked,
  })
}

export function sessionLengths(counts: Counts): Markup {
  const { sessions = 0, session_duration_ms_sum: sumMs = 0 } = counts
  return durationChart(counts, {
    id: 'session-lengths',
    title: 'Session lengths',
    formula: 'sessions with a search, by the time from the first event to the last',
    xLabel: 'length of the session, up to',
    one: 'session',
    many: 'sessions',
    ranges: SESSION_RANGES,
    averageMs: sessions === 0 ? null : sumMs / sessions,
  })
}

function durationChart(counts: Counts, durations: Durations): Markup {
  const { id, title, formula, xLabel, one, many, averageMs } = durations
  const ranges = rangeCounts(durations.ranges, counts)
  const total = ranges.reduce((sum, { count }) => sum + count, 0)
  const shareOf = (count: number): string => shareText(total === 0 ? null : count / total)
  const bars = ranges.map(({ label, count }, index) => ({
    label: endText(durations.ranges, index, ' '),
    shortLabel: endText(durations.ranges, index, ''),
    value: count,
    text: compactText(count),
    hint: `${label}: ${countOf(count, one, many)}, ${shareOf(count)}`,
    style: 'plain' as const,
  }))
  const labels = { xLabel, yLabel: many, yUnit: 'count' } as const
  return chartFigure({
    id,
    title,
    formula,
    drawings: [NARROW, HALF].map((size) => barDrawing(size, title, bars, labels)),
    summary: total === 0 ? `No ${many}.` : `${countOf(total, one, many)}. ${middleOf(ranges, averageMs)}`,
    legend: null,
    columns: ['time', many, 'share'],
    rows: ranges.map(({ label, count }) => [label, countText(count), shareOf(count)]),
  })
}

function middleOf(ranges: readonly RangeCount[], averageMs: number | null): string {
  const average = averageMs === null ? '' : `, the average is ${durationText(averageMs)}`
  return `The median is in the range ${medianRange(ranges)}${average}.`
}

/** Labels a bar with the upper end of its range. The last range has only a lower end. */
function endText(ranges: Ranges, index: number, space: string): string {
  const text = (endMs = 0): string => durationText(endMs).replace(' min', ' m').replace(' ', space)
  const endMs = ranges[index]?.[1]
  return endMs === Number.POSITIVE_INFINITY ? `>${space}${text(ranges[index - 1]?.[1])}` : text(endMs)
}
