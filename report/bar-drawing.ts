// A histogram: labelled bars in, an SVG out. What rests on few is hollow, what gathers several values is pale, what is nothing is "–".

import { scaleBand, scaleLinear } from 'd3-scale'
import { type Axes, axes, MARGIN, pixels, type Size, svg, TICKS } from './drawing.ts'
import { html, type Markup } from './markup.ts'
import { NOTHING } from './number-text.ts'

export interface Bar {
  readonly label: string
  /** For the narrow drawing. */
  readonly shortLabel: string
  readonly value: number | null
  /** Above the bar. */
  readonly text: string
  /** Where the pointer rests. */
  readonly hint: string
  readonly look: 'sure' | 'few' | 'gathered'
}

/** More values than this above narrow bars would run into each other. */
const NARROW_VALUES_MAX = 8

export function barDrawing(size: Size, title: string, bars: readonly Bar[], labels: Axes): Markup {
  const bottom = size.height - MARGIN.bottom
  const x = scaleBand(
    bars.map(({ label }) => label),
    [MARGIN.left, size.width - MARGIN.right],
  ).padding(0.18)
  const most = Math.max(0, ...bars.map(({ value }) => value ?? 0))
  const y = scaleLinear([0, most > 0 ? most : 1], [bottom, MARGIN.top + 6]).nice(TICKS)
  const hasValues = size.name !== 'narrow' || bars.length <= NARROW_VALUES_MAX
  const drawn = bars.map((bar) => {
    const left = x(bar.label) ?? 0
    const centre = pixels(left + x.bandwidth() / 2)
    const top = y(bar.value ?? 0)
    const tall = html`x="${pixels(left)}" y="${pixels(top)}" width="${pixels(x.bandwidth())}" height="${pixels(bottom - top)}"`
    const drawnBar = bar.value === null ? null : html`<rect class="bar ${bar.look}" ${tall}/>`
    const value = bar.value === null ? NOTHING : hasValues ? bar.text : ''
    const label = size.name === 'narrow' ? bar.shortLabel : bar.label
    return html`<g><title>${bar.hint}</title>${drawnBar}<text class="value" x="${centre}" y="${pixels(top - 4)}" text-anchor="middle">${value}</text><text class="tick" x="${centre}" y="${bottom + 16}" text-anchor="middle">${label}</text></g>`
  })
  const base = html`<line class="rule base" x1="${MARGIN.left}" x2="${size.width - MARGIN.right}" y1="${bottom}" y2="${bottom}"/>`
  return svg(size, title, [axes(size, y, labels), ...drawn, base])
}
