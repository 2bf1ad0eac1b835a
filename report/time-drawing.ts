// Draws a ratio over time as an SVG, above bars for the number of searches.

import { type ScaleTime, scaleLinear, scaleUtc } from 'd3-scale'
import { line } from 'd3-shape'
import { DAY_MS } from '../functions/domain/durations.ts'
import { lastOf } from '../functions/domain/non-empty.ts'
import type { Counts } from '../functions/domain/results/counts.ts'
import { axes, MARGIN, pixels, type Size, svg, TICKS } from './drawing.ts'
import { html, type Markup } from './markup.ts'
import { compactText, countText, shareText, UNCERTAIN_BELOW } from './number-text.ts'
import type { TimeLine, TimePoint } from './time-points.ts'

export interface Ratio {
  readonly title: string
  readonly yLabel: string
  /** Returns null for a point without a denominator. */
  readonly ratioOf: (point: TimePoint) => number | null
  /** The denominator. */
  readonly wholeOf: (counts: Counts) => number
  /** The upper end of the value axis. */
  readonly max: number
  /** The searches of the highest bar. Null lets the largest number of the drawing be it. */
  readonly searchesMax: number | null
}

const VOLUME_HEIGHT = 34
const VOLUME_GAP = 20
/** More markers would merge into a band. */
const MARKERS_MAX = 80
const HINTS_MAX = 120

interface Plot {
  readonly size: Size
  readonly timeLine: TimeLine
  readonly x: ScaleTime<number, number>
  readonly bottom: number
  readonly step: number
}

export function timeDrawing(size: Size, timeLine: TimeLine, ratio: Ratio): Markup {
  const { points, unitMs, unit } = timeLine
  const [first] = points
  const last = lastOf(points)
  const bottom = size.height - MARGIN.bottom
  const x = scaleUtc([first.startMs, last.startMs + unitMs], [MARGIN.left, size.width - MARGIN.right])
  const y = scaleLinear([0, ratio.max], [bottom - VOLUME_HEIGHT - VOLUME_GAP, MARGIN.top]).nice(TICKS)
  const plot = { size, timeLine, x, bottom, step: x(first.startMs + unitMs) - x(first.startMs) }
  const labels = { xLabel: `${unit} (UTC)`, yLabel: ratio.yLabel, yUnit: 'share' } as const
  return svg(size, ratio.title, [
    axes(size, y, labels),
    volume(plot, ratio.searchesMax),
    ...timeTicks(plot),
    ...ratioLine(plot, ratio, y),
    ...(size.name !== 'narrow' && points.length <= HINTS_MAX ? points.map((point) => hint(plot, point, ratio)) : []),
  ])
}

function middle({ x, timeLine }: Plot, point: TimePoint): number {
  return x(point.startMs + timeLine.unitMs / 2)
}

/**
 * Draws uncertain points as hollow markers. A point without neighbours always has a marker, since a
 * line of one point is invisible.
 */
function ratioLine(plot: Plot, ratio: Ratio, y: (value: number) => number): Markup[] {
  const { points } = plot.timeLine
  const at = (point: TimePoint): number => y(ratio.ratioOf(point) ?? 0)
  const path = line<TimePoint>((point) => middle(plot, point), at)
    .defined((point) => ratio.ratioOf(point) !== null)
    .digits(1)
  const isKnown = (index: number): boolean => {
    const point = points[index]
    return point !== undefined && ratio.ratioOf(point) !== null
  }
  const isDense = points.length > MARKERS_MAX
  const markers = points.flatMap((point, index) => {
    const isAlone = !isKnown(index - 1) && !isKnown(index + 1)
    const isUnsure = isUncertain(point, ratio.wholeOf)
    if (!isKnown(index) || (isDense && !isAlone && !isUnsure)) return []
    const centre = html`cx="${pixels(middle(plot, point))}" cy="${pixels(at(point))}"`
    const radius = (isUnsure ? 4 : 3.5) / (isDense ? 2 : 1)
    return [html`<circle class="${isUnsure ? 'marker uncertain' : 'marker'}" ${centre} r="${radius}"/>`]
  })
  return [html`<path class="line" d="${path(points) ?? ''}"/>`, ...markers]
}

/** A point is uncertain with few searches, or while its hour or day is not over. */
export function isUncertain({ counts, isRunning }: TimePoint, wholeOf: Ratio['wholeOf']): boolean {
  return wholeOf(counts) < UNCERTAIN_BELOW || isRunning
}

function volume({ size, timeLine, x, bottom, step }: Plot, searchesMax: number | null): Markup {
  const searches = timeLine.points.map(({ counts }) => counts.searches ?? 0)
  const largest = Math.max(...searches)
  const height = scaleLinear([0, Math.max(1, searchesMax ?? largest)], [0, VOLUME_HEIGHT])
  const width = pixels(Math.max(0.6, step - Math.min(2, step * 0.2)))
  const bars = timeLine.points.map(({ startMs }, index) => {
    const tall = height(searches[index] as number)
    if (tall === 0) return null
    return html`<rect class="volume" x="${pixels(x(startMs))}" y="${pixels(bottom - tall)}" width="${width}" height="${pixels(tall)}"/>`
  })
  return html`<text class="tick" x="${MARGIN.left}" y="${bottom - VOLUME_HEIGHT - 5}">searches, at most ${compactText(largest)} per ${timeLine.unit}</text>${bars}<line class="rule base" x1="${MARGIN.left}" x2="${size.width - MARGIN.right}" y1="${bottom}" y2="${bottom}"/>`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** A longer time line has labels of months. */
const MONTHS_ABOVE_MS = 300 * DAY_MS

function timeTicks({ size, timeLine, x, bottom }: Plot): Markup[] {
  const { unit, unitMs, points } = timeLine
  const hasMonths = points.length * unitMs > MONTHS_ABOVE_MS
  const text = (date: Date): string => {
    const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`
    if (hasMonths) return `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
    return date.getUTCHours() === 0 ? day : date.toISOString().slice(11, 16)
  }
  // A day's label is under its middle, an hour's under its beginning.
  const offsetMs = unit === 'day' ? unitMs / 2 : 0
  const dates = x.ticks(hasMonths ? Math.min(size.ticksMax, 10) : size.ticksMax)
  const ticks = dates.filter((date) => date.getTime() % unitMs === 0)
  return ticks.flatMap((date) => {
    const at = x(date.getTime() + offsetMs)
    // A label so close to the edge would not fit.
    if (at > size.width - 18) return []
    return [
      html`<line class="rule base" x1="${pixels(at)}" x2="${pixels(at)}" y1="${bottom}" y2="${bottom + 4}"/><text class="tick" x="${pixels(at)}" y="${bottom + 17}" text-anchor="middle">${text(date)}</text>`,
    ]
  })
}

/** The browser shows a hint under the pointer. */
function hint({ size, x, step }: Plot, point: TimePoint, ratio: Ratio): Markup {
  const text = `${point.label}: ${shareText(ratio.ratioOf(point))}, n = ${countText(ratio.wholeOf(point.counts))}`
  return html`<rect class="hit" x="${pixels(x(point.startMs))}" y="0" width="${pixels(step)}" height="${size.height}"><title>${text}</title></rect>`
}
