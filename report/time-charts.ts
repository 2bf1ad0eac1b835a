// Charts click-through, satisfaction, reformulation, zero results and abandonment over time.

import type { CountName, Counts } from '../functions/domain/results/counts.ts'
import { type Chart, chartFigure } from './chart-figure.ts'
import { FULL, HALF, NARROW, type Size } from './drawing.ts'
import type { Markup } from './markup.ts'
import { countOf, countText, shareText, UNCERTAIN_BELOW } from './number-text.ts'
import type { ReportData } from './report-data.ts'
import { isUncertain, timeDrawing } from './time-drawing.ts'
import { type TimeLine, type TimePoint, timeLine } from './time-points.ts'

interface SearchRatio {
  readonly id: string
  readonly title: string
  readonly part: CountName
  readonly partName: string
  /** The denominator, and its name. */
  readonly wholeOf: (counts: Counts) => number
  readonly wholeName: string
  readonly sizes: readonly Size[]
  /** The upper end of the axis. Null lets it end at the largest value. */
  readonly max: number | null
  /** Absent where the bars for searches have a scale of their own. */
  readonly searchesMax?: number
}

const SEARCHES = { wholeOf: ({ searches = 0 }: Counts) => searches, wholeName: 'searches' }

const CTR: SearchRatio = {
  ...SEARCHES,
  id: 'ctr-over-time',
  title: 'CTR over time',
  part: 'searches_with_click',
  partName: 'searches with a click',
  sizes: [NARROW, HALF, FULL],
  max: 1,
}
const SATISFIED: SearchRatio = {
  id: 'satisfied-over-time',
  title: 'Satisfied rate over time',
  part: 'satisfied_searches',
  partName: 'satisfied searches',
  wholeOf: ({ searches = 0, unknown_satisfaction_searches: unknown = 0 }) => searches - unknown,
  wholeName: 'searches of known satisfaction',
  sizes: [NARROW, HALF],
  max: 1,
}
const REFORMULATED: SearchRatio = {
  ...SEARCHES,
  id: 'reformulated-over-time',
  title: 'Reformulation rate over time',
  part: 'reformulated_searches',
  partName: 'searches that another query follows soon',
  sizes: [NARROW, HALF],
  max: null,
}
const ZERO_RESULTS: SearchRatio = {
  ...SEARCHES,
  id: 'zero-results-over-time',
  title: 'Zero-result rate over time',
  part: 'zero_result_searches',
  partName: 'searches without results',
  sizes: [NARROW, HALF],
  max: null,
}
const ABANDONMENT: SearchRatio = {
  ...SEARCHES,
  id: 'abandonment-over-time',
  title: 'Abandonment over time',
  part: 'abandoned_searches',
  partName: 'searches without a click, except those without results',
  sizes: [NARROW, HALF],
  max: null,
}

export function ctrChart(data: ReportData): Markup {
  return chartFigure(ratioChart(timeLine(data), CTR))
}

/** Charts of several values are alike in both scales, so that they can be compared. */
export function ctrChartOf(segment: string, id: string, line: TimeLine, searchesMax: number): Markup {
  const chart = ratioChart(line, { ...CTR, id, title: segment, sizes: [NARROW, HALF], searchesMax })
  // The text above the charts has the formula and the legend of all.
  const columns = [...chart.columns.slice(0, -1), 'CTR']
  return chartFigure({ ...chart, formula: 'CTR', legend: null, columns })
}

export function otherTimeCharts(data: ReportData): Markup[] {
  return [SATISFIED, REFORMULATED, ZERO_RESULTS, ABANDONMENT].map((ratio) =>
    chartFigure(ratioChart(timeLine(data), ratio)),
  )
}

function ratioChart(line: TimeLine, ratio: SearchRatio): Chart {
  const { id, title, part, partName, wholeOf, wholeName, sizes, max, searchesMax = null } = ratio
  const ratioOf = ({ counts }: TimePoint): number | null => shareOf(counts[part], wholeOf(counts))
  const isUnsure = (point: TimePoint): boolean => isUncertain(point, wholeOf)
  const known = line.points.filter((point) => ratioOf(point) !== null)
  const largest = Math.max(0.02, ...known.map((point) => ratioOf(point) ?? 0))
  const drawn = { title, yLabel: `% of ${wholeName}`, ratioOf, wholeOf, max: max ?? Math.min(1, largest), searchesMax }
  return {
    id,
    title,
    formula: `${partName} / ${wholeName}, by ${line.unit} (UTC)`,
    drawings: sizes.map((size) => timeDrawing(size, line, drawn)),
    summary: summaryOf(line, ratio, ratioOf),
    legend: known.some(isUnsure)
      ? {
          style: 'uncertain',
          text: `Hollow: fewer than ${UNCERTAIN_BELOW} searches, or ${line.unit === 'hour' ? 'an hour' : 'a day'} that is not over.`,
        }
      : null,
    columns: [`${line.unit} (UTC)`, wholeName, partName, title.replace(' over time', '')],
    rows: line.points.map((point) => [
      `${point.label}${point.isRunning ? ' (not over)' : ''}`,
      countText(wholeOf(point.counts)),
      countText(point.counts[part] ?? 0),
      `${ratioOf(point) !== null && isUnsure(point) ? '* ' : ''}${shareText(ratioOf(point))}`,
    ]),
  }
}

function shareOf(part = 0, whole = 0): number | null {
  return whole === 0 ? null : part / whole
}

function summaryOf(
  { points, unit }: TimeLine,
  { part, wholeOf }: SearchRatio,
  ratioOf: (point: TimePoint) => number | null,
): string {
  const searches = points.reduce((sum, { counts }) => sum + wholeOf(counts), 0)
  const parts = points.reduce((sum, { counts }) => sum + (counts[part] ?? 0), 0)
  if (searches === 0) return 'No searches in this range.'
  const whole = `${shareText(parts / searches)} in all: ${countText(parts)} of ${countOf(searches, 'search', 'searches')}.`
  const certain = points
    .filter((point) => !isUncertain(point, wholeOf))
    .sort((a, b) => (ratioOf(a) ?? 0) - (ratioOf(b) ?? 0))
  const lowest = certain[0]
  const highest = certain[certain.length - 1]
  if (lowest === undefined || highest === undefined || lowest === highest) return whole
  const textOf = (point: TimePoint): string =>
    `${shareText(ratioOf(point))} (${point.label}, n = ${countText(wholeOf(point.counts))})`
  return `${whole} The ${certain.length} ${unit}s with ${UNCERTAIN_BELOW} searches or more range from ${textOf(lowest)} to ${textOf(highest)}.`
}
