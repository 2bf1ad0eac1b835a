// Charts the difference of each variant from the baseline with its interval, for each metric (M5).

import { scaleLinear } from 'd3-scale'
import type { Comparison, Contrast } from '../compare/comparison.ts'
import {
  detectableText,
  findingText,
  intervalText,
  pText,
  ratioText,
  signedText,
  unitText,
} from '../compare/comparison-text.ts'
import { COMPARED_METRICS, type ComparedMetric, type MetricName } from '../compare/metric.ts'
import { chartFigure } from './chart-figure.ts'
import { HALF, MARGIN, NARROW, pixels, type Size, svg } from './drawing.ts'
import { html, type Markup } from './markup.ts'
import { countText, NOTHING, truncateText } from './number-text.ts'

/** The variants of a label as a report shows them. */
export interface ReportVariants {
  readonly label: string
  readonly metrics: readonly { readonly name: MetricName; readonly comparison: Comparison }[]
  /** Sentences about searches that the comparison leaves out. */
  readonly notes: readonly string[]
}

/** More variants would make a drawing taller than a window. The table has all of them. */
const DRAWN_MAX = 12
const ROW_HEIGHT = 34
const NAME_CHARACTERS = { narrow: 10, half: 16, full: 16 } as const
/** The width of the names on the left. */
const NAMES_WIDTH = { narrow: 80, half: 120, full: 120 } as const
const TICKS_MAX = 4
/** How far a text ends before the line at no difference. */
const BESIDE_ZERO = 8

export function variantsSection({ label, metrics, notes }: ReportVariants): Markup {
  const [first] = metrics
  const baseline = first === undefined ? '' : first.comparison.baseline.name
  return html`
<section aria-labelledby="variants"><h2 id="variants">Variants</h2>
<p class="note">Values of ${label} against ${baseline}, by buckets of users. A dot is the difference, and its line the 95 % interval. Five metrics find a difference between equal variants more often than one does, so decide on one before. ${notes.join(' ')}</p>
<div class="grid">${metrics.map(({ name, comparison }) => metricFigure(name, comparison))}</div>
</section>`
}

function metricFigure(name: MetricName, comparison: Comparison): Markup {
  const metric: ComparedMetric = COMPARED_METRICS[name]
  const { baseline, contrasts } = comparison
  const title = capitalized(metric.title)
  const drawn = contrasts.slice(0, DRAWN_MAX)
  const rowCells = (contrast: Contrast): string[] => {
    const { difference, adjustedP } = contrast
    return [
      contrast.name,
      countText(contrast.searches),
      ratioText(contrast.ratio, metric),
      difference === null ? NOTHING : `${signedText(difference.difference, metric)}${unitText(metric)}`,
      difference === null ? NOTHING : intervalText(difference, metric),
      adjustedP === null ? NOTHING : pText(adjustedP),
      difference === null ? NOTHING : detectableText(difference, baseline.ratio, metric),
    ]
  }
  return chartFigure({
    id: `variants-${name}`,
    title,
    formula: `difference from ${baseline.name}, whose ${metric.title} is ${ratioText(baseline.ratio, metric)}`,
    drawings: [NARROW, HALF].map((size) => intervalDrawing(size, title, drawn, metric)),
    summary: contrasts.map((contrast) => findingText(contrast, comparison, metric)).join(' '),
    legend: null,
    columns: ['variant', 'searches', 'ratio', 'difference', '95 % interval', 'p', 'detectable'],
    rows: [
      [
        baseline.name,
        countText(baseline.searches),
        ratioText(baseline.ratio, metric),
        'baseline',
        NOTHING,
        NOTHING,
        NOTHING,
      ],
      ...contrasts.map(rowCells),
    ],
  })
}

/** Draws a row for each variant around a line at no difference. */
function intervalDrawing(of: Size, title: string, contrasts: readonly Contrast[], metric: ComparedMetric): Markup {
  const size = { ...of, height: MARGIN.top + contrasts.length * ROW_HEIGHT + MARGIN.bottom }
  const bottom = size.height - MARGIN.bottom
  const factor = metric.unit === 'share' ? 100 : 1
  const ends = contrasts.flatMap(({ difference }) => (difference === null ? [] : [difference.low, difference.high]))
  const widest = Math.max(0, ...ends.map(Math.abs)) * factor
  const hasIntervals = widest > 0
  const extent = hasIntervals ? widest : 1
  const left = NAMES_WIDTH[size.name]
  const right = size.width - MARGIN.right - 12
  const x = scaleLinear([-extent, extent], [left + 12, right]).nice(TICKS_MAX)
  const tickText = x.tickFormat(TICKS_MAX)
  const ticks = (hasIntervals ? x.ticks(TICKS_MAX) : []).map((value) => {
    const at = pixels(x(value))
    const style = value === 0 ? 'rule base' : 'rule'
    return html`<line class="${style}" x1="${at}" x2="${at}" y1="${MARGIN.top - 8}" y2="${bottom}"/><text class="tick" x="${at}" y="${bottom + 16}" text-anchor="middle">${tickText(value)}</text>`
  })
  const rows = contrasts.map((contrast, n) => {
    const y = pixels(MARGIN.top + (n + 0.5) * ROW_HEIGHT)
    const name = html`<text class="value" x="0" y="${y}" dy="0.32em">${truncateText(contrast.name, NAME_CHARACTERS[size.name])}</text>`
    return html`<g><title>${hintText(contrast, metric)}</title>${name}${interval(contrast, y, (value) => x(value * factor), pixels((left + right) / 2 - BESIDE_ZERO))}</g>`
  })
  const xLabel = `difference${metric.unit === 'share' ? ' in points' : ''}`
  const label = html`<text class="axis" x="${pixels((left + right) / 2)}" y="${size.height - 4}" text-anchor="middle">${xLabel}</text>`
  return svg(size, title, [...ticks, ...rows, ...(hasIntervals ? [label] : [])])
}

function interval({ difference }: Contrast, y: string, at: (value: number) => number, textEnd: string): Markup {
  if (difference === null)
    return html`<text class="tick" x="${textEnd}" y="${y}" dy="0.32em" text-anchor="end">cannot be compared</text>`
  const [low, dot, high] = [difference.low, difference.difference, difference.high].map((value) => pixels(at(value)))
  return html`<line class="line" x1="${low}" x2="${high}" y1="${y}" y2="${y}"/><circle class="marker" cx="${dot}" cy="${y}" r="5"/>`
}

function hintText(contrast: Contrast, metric: ComparedMetric): string {
  const { name, ratio, difference } = contrast
  const rest =
    difference === null
      ? 'cannot be compared'
      : `${signedText(difference.difference, metric)}${unitText(metric)}, 95 % interval ${intervalText(difference, metric)}`
  return `${name}: ${ratioText(ratio, metric)}, ${rest}`
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
