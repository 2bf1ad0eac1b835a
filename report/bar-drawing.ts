// Draws a bar chart as an SVG, with hollow bars for uncertain values and pale ones for groups.

import { scaleBand, scaleLinear } from 'd3-scale'
import { type Axes, axes, MARGIN, pixels, type Size, svg, TICKS } from './drawing.ts'
import { html, type Markup } from './markup.ts'
import { NOTHING } from './number-text.ts'

/** An uncertain value comes from few searches. A grouped bar counts several positions. */
export type BarStyle = 'plain' | 'uncertain' | 'grouped'

export interface Bar {
  readonly label: string
  /** The label in the narrow drawing. */
  readonly shortLabel: string
  readonly value: number | null
  /** The text above the bar. */
  readonly text: string
  /** The text that the browser shows under the pointer. */
  readonly hint: string
  readonly style: BarStyle
}

/** The values above more than this many narrow bars would overlap. */
const NARROW_VALUES_MAX = 8

export function barDrawing(size: Size, title: string, bars: readonly Bar[], labels: Axes): Markup {
  const bottom = size.height - MARGIN.bottom
  const x = scaleBand(
    bars.map(({ label }) => label),
    [MARGIN.left, size.width - MARGIN.right],
  ).padding(0.18)
  const largest = Math.max(0, ...bars.map(({ value }) => value ?? 0))
  const y = scaleLinear([0, largest > 0 ? largest : 1], [bottom, MARGIN.top + 6]).nice(TICKS)
  const hasValues = size.name !== 'narrow' || bars.length <= NARROW_VALUES_MAX
  const drawn = bars.map((bar) => {
    const left = x(bar.label) ?? 0
    const centre = pixels(left + x.bandwidth() / 2)
    const top = y(bar.value ?? 0)
    const tall = html`x="${pixels(left)}" y="${pixels(top)}" width="${pixels(x.bandwidth())}" height="${pixels(bottom - top)}"`
    const drawnBar = bar.value === null ? null : html`<rect class="bar ${bar.style}" ${tall}/>`
    const value = bar.value === null ? NOTHING : hasValues ? bar.text : ''
    const label = size.name === 'narrow' ? bar.shortLabel : bar.label
    return html`<g><title>${bar.hint}</title>${drawnBar}<text class="value" x="${centre}" y="${pixels(top - 4)}" text-anchor="middle">${value}</text><text class="tick" x="${centre}" y="${bottom + 16}" text-anchor="middle">${label}</text></g>`
  })
  const base = html`<line class="rule base" x1="${MARGIN.left}" x2="${size.width - MARGIN.right}" y1="${bottom}" y2="${bottom}"/>`
  return svg(size, title, [axes(size, y, labels), ...drawn, base])
}
