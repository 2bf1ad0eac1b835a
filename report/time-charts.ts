// Ratios over time: a report's data in, the figures of click-through, zero results and abandonment out.

import type { CountName, Counts } from '../functions/domain/results/counts.ts'
import { type Chart, chartFigure } from './chart-figure.ts'
import { FULL, HALF, NARROW, type Size } from './drawing.ts'
import type { Markup } from './markup.ts'
import { countOf, countText, FEW, shareText } from './number-text.ts'
import type { ReportData } from './report-data.ts'
import { isUncertain, timeDrawing } from './time-drawing.ts'
import { type TimeLine, type TimePoint, timeLine } from './time-points.ts'

interface RatioOfSearches {
  readonly id: string
  readonly title: string
  readonly part: CountName
  readonly partName: string
  readonly sizes: readonly Size[]
  /** Null where the axis ends with the largest value. */
  readonly max: number | null
}

const CTR: RatioOfSearches = {
  id: 'ctr-over-time',
  title: 'CTR over time',
  part: 'searches_with_click',
  partName: 'searches with a click',
  sizes: [NARROW, HALF, FULL],
  max: 1,
}
const ZERO_RESULTS: RatioOfSearches = {
  id: 'zero-results-over-time',
  title: 'Zero-result rate over time',
  part: 'zero_result_searches',
  partName: 'searches without results',
  sizes: [NARROW, HALF],
  max: null,
}
const ABANDONMENT: RatioOfSearches = {
  id: 'abandonment-over-time',
  title: 'Abandonment over time',
  part: 'abandoned_searches',
  partName: 'searches with results or none seen, but no click',
  sizes: [NARROW, HALF],
  max: null,
}

export function ctrChart(data: ReportData): Markup {
  return chartFigure(ratioChart(timeLine(data), CTR))
}

export function otherTimeCharts(data: ReportData): Markup[] {
  return [ZERO_RESULTS, ABANDONMENT].map((ratio) => chartFigure(ratioChart(timeLine(data), ratio)))
}

function ratioChart(line: TimeLine, { id, title, part, partName, sizes, max }: RatioOfSearches): Chart {
  const of = ({ counts }: TimePoint): number | null => shareOf(counts, part)
  const known = line.points.filter((point) => of(point) !== null)
  const largest = Math.max(0.02, ...known.map((point) => of(point) ?? 0))
  const drawn = { title, yLabel: '% of searches', of, max: max ?? Math.min(1, largest) }
  const uncertain = known.some(isUncertain)
  return {
    id,
    title,
    formula: `${partName} / searches, by ${line.unit} (UTC)`,
    drawings: sizes.map((size) => timeDrawing(size, line, drawn)),
    summary: summaryOf(line, part, of),
    legend: uncertain
      ? {
          look: 'few',
          text: `Hollow: fewer than ${FEW} searches, or ${line.unit === 'hour' ? 'an hour' : 'a day'} not over.`,
        }
      : null,
    columns: [`${line.unit} (UTC)`, 'searches', partName, title.replace(' over time', '')],
    rows: line.points.map((point) => [
      `${point.label}${point.isRunning ? ' (not over)' : ''}`,
      countText(point.counts.searches ?? 0),
      countText(point.counts[part] ?? 0),
      `${of(point) !== null && isUncertain(point) ? '* ' : ''}${shareText(of(point))}`,
    ]),
  }
}

function shareOf(counts: Counts, part: CountName): number | null {
  return counts.searches ? (counts[part] ?? 0) / counts.searches : null
}

function summaryOf({ points, unit }: TimeLine, part: CountName, of: (point: TimePoint) => number | null): string {
  const searches = points.reduce((sum, { counts }) => sum + (counts.searches ?? 0), 0)
  const parts = points.reduce((sum, { counts }) => sum + (counts[part] ?? 0), 0)
  if (searches === 0) return 'No searches in this time.'
  const whole = `${shareText(parts / searches)} in all: ${countText(parts)} of ${countOf(searches, 'search', 'searches')}.`
  const sure = points.filter((point) => !isUncertain(point)).sort((a, b) => (of(a) ?? 0) - (of(b) ?? 0))
  const lowest = sure[0]
  const highest = sure[sure.length - 1]
  if (lowest === undefined || highest === undefined || lowest === highest) return whole
  const said = (point: TimePoint): string =>
    `${shareText(of(point))} (${point.label}, n = ${countText(point.counts.searches ?? 0)})`
  return `${whole} Among the ${sure.length} ${unit}s with ${FEW} searches or more: from ${said(lowest)} to ${said(highest)}.`
}
