// Where users click: a report's counts in, the figures of clicks by position and of CTR by position out.

import { type CountName, type Counts, POSITIONS } from '../functions/domain/results/counts.ts'
import { type Bar, barDrawing } from './bar-drawing.ts'
import { chartFigure } from './chart-figure.ts'
import { HALF, NARROW } from './drawing.ts'
import type { Markup } from './markup.ts'
import { compactText, countOf, countText, decimalText, FEW, shareText } from './number-text.ts'

const FURTHER: readonly (readonly [string, CountName])[] = [
  ['11–20', 'clicks_at_11_to_20'],
  ['21+', 'clicks_further_down'],
]

export function clicksByPosition(counts: Counts): Markup {
  const known = counts.clicks_with_position ?? 0
  const places = [...POSITIONS.map((place) => [`${place}`, `clicks_at_${place}`] as const), ...FURTHER]
  const rows = places.map(([label, name]) => ({ label, clicks: counts[name] ?? 0 }))
  const shareOf = (clicks: number): string => shareText(known === 0 ? null : clicks / known)
  const bars = rows.map(
    ({ label, clicks }): Bar => ({
      label,
      shortLabel: label === '11–20' ? '11+' : label,
      value: clicks,
      text: compactText(clicks),
      hint: `position ${label}: ${countOf(clicks, 'click', 'clicks')}, ${shareOf(clicks)}`,
      look: label.length > 2 ? 'gathered' : 'sure',
    }),
  )
  const title = 'Clicks by position'
  const labels = { xLabel: 'position of the result clicked', yLabel: 'clicks', yUnit: 'count' } as const
  const unknown = (counts.clicks ?? 0) - known
  const top3 = rows.slice(0, 3).reduce((sum, { clicks }) => sum + clicks, 0)
  const average = decimalText(known === 0 ? null : (counts.clicked_position_sum ?? 0) / known)
  return chartFigure({
    id: 'clicks-by-position',
    title,
    formula: 'clicks of searches at each position; the first result is at 1',
    drawings: [NARROW, HALF].map((size) => barDrawing(size, title, bars, labels)),
    summary:
      known === 0
        ? 'No clicks with a known position.'
        : `${countOf(known, 'click', 'clicks')}: ${shareOf(top3)} at positions 1 to 3, position ${average} on average. ${
            unknown === 0 ? 'Each has a known position.' : `Of ${countText(unknown)} more the position is not known.`
          }`,
    legend: known === 0 ? null : { look: 'gathered', text: '11–20 and 21+ gather many positions each.' },
    columns: ['position', 'clicks', 'share of clicks'],
    rows: rows.map(({ label, clicks }) => [label, countText(clicks), shareOf(clicks)]),
  })
}

export function ctrByPosition(counts: Counts): Markup {
  const rows = POSITIONS.map((place) => {
    const clicked = counts[`clicked_at_${place}`] ?? 0
    const shown = counts[`shown_at_${place}`] ?? 0
    return { label: `${place}`, clicked, shown, ratio: shown === 0 ? null : clicked / shown, isFew: shown < FEW }
  })
  const bars = rows.map(
    ({ label, clicked, shown, ratio, isFew }): Bar => ({
      label,
      shortLabel: label,
      value: ratio,
      text: ratio === null ? '' : `${Math.round(ratio * 100)}%`,
      hint: `position ${label}: ${shareText(ratio)}, clicked in ${countText(clicked)} of ${countText(shown)} searches`,
      look: isFew ? 'few' : 'sure',
    }),
  )
  const title = 'CTR by position'
  const labels = { xLabel: 'position of the result', yLabel: 'clicked / shown', yUnit: 'share' } as const
  const first = rows[0]
  return chartFigure({
    id: 'ctr-by-position',
    title,
    formula: 'searches with a click at a position / searches known to have a result there',
    drawings: [NARROW, HALF].map((size) => barDrawing(size, title, bars, labels)),
    summary:
      first === undefined || first.ratio === null
        ? 'No search is known to have shown results.'
        : `The first result: clicked in ${countText(first.clicked)} of ${countOf(first.shown, 'search', 'searches')} that showed one, ${shareText(first.ratio)}.`,
    legend: rows.some(({ isFew, ratio }) => isFew && ratio !== null)
      ? { look: 'few', text: `Hollow: shown fewer than ${FEW} times.` }
      : null,
    columns: ['position', 'searches that showed it', 'clicked', 'CTR'],
    rows: rows.map(({ label, shown, clicked, ratio, isFew }) => [
      label,
      countText(shown),
      countText(clicked),
      `${isFew && ratio !== null ? '* ' : ''}${shareText(ratio)}`,
    ]),
  })
}
