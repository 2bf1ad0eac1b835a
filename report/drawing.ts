// Draws the frame and the value axis of every chart, in sizes for narrow, half and full columns.

import type { ScaleLinear } from 'd3-scale'
import { html, type Markup } from './markup.ts'
import { compactText } from './number-text.ts'

export interface Size {
  /** The style sheet shows the largest drawing that fits its column. */
  readonly name: 'narrow' | 'half' | 'full'
  readonly width: number
  readonly height: number
  readonly ticksMax: number
}

export const NARROW: Size = { name: 'narrow', width: 320, height: 245, ticksMax: 4 }
export const HALF: Size = { name: 'half', width: 520, height: 260, ticksMax: 7 }
export const FULL: Size = { name: 'full', width: 1080, height: 320, ticksMax: 14 }

export const MARGIN = { top: 30, right: 8, bottom: 42, left: 46 }

/** The approximate number of ticks on a value axis. */
export const TICKS = 4

export interface Axes {
  readonly xLabel: string
  readonly yLabel: string
  /** Shares are labelled in percent. Counts have ticks only at whole numbers. */
  readonly yUnit: 'share' | 'count'
}

/** Rounds to two decimals, which is finer than any screen. */
export function pixels(value: number): string {
  return String(Math.round(value * 100) / 100)
}

export function svg(size: Size, title: string, content: readonly Markup[]): Markup {
  return html`<svg class="drawing ${size.name}" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}. The numbers are in the table below.">${content}</svg>`
}

/**
 * Draws the value axis with its lines, and the labels of both axes.
 *
 * @param y maps values to pixels, from the bottom of the plot to its top.
 */
export function axes(size: Size, y: ScaleLinear<number, number>, { xLabel, yLabel, yUnit }: Axes): Markup {
  const right = size.width - MARGIN.right
  const shareText = y.tickFormat(TICKS, '%')
  const yText = (value: number): string =>
    yUnit === 'share' ? shareText(value).replace('%', ' %') : compactText(value)
  const ticks = y.ticks(TICKS).filter((value) => yUnit === 'share' || Number.isInteger(value))
  const lines = ticks.map((value) => {
    const at = pixels(y(value))
    return html`<line class="rule" x1="${MARGIN.left}" x2="${right}" y1="${at}" y2="${at}"/><text class="tick" x="${MARGIN.left - 6}" y="${at}" dy="0.32em" text-anchor="end">${yText(value)}</text>`
  })
  return html`<text class="axis" x="0" y="12">${yLabel}</text>${lines}<text class="axis" x="${pixels((MARGIN.left + right) / 2)}" y="${size.height - 4}" text-anchor="middle">${xLabel}</text>`
}
