// Charts the clicks and the click-through rate by the position of the result.

import { type CountName, type Counts, POSITIONS } from '../functions/domain/results/counts.ts'
import { type Bar, barDrawing } from './bar-drawing.ts'
import { chartFigure } from './chart-figure.ts'
import { HALF, NARROW } from './drawing.ts'
import type { Markup } from './markup.ts'
import { compactText, countOf, countText, decimalText, shareText, UNCERTAIN_BELOW } from './number-text.ts'

const FURTHER: readonly (readonly [string, CountName])[] = [
  ['11–20', 'clicks_at_11_to_20'],
  ['21+', 'clicks_further_down'],
]

export function clicksByPosition(counts: Counts): Markup {
  const known = counts.clicks_with_position ?? 0
  const positions = [...POSITIONS.map((position) => [`${position}`, `clicks_at_${position}`] as const), ...FURTHER]
  const rows = positions.map(([label, name]) => ({ label, clicks: counts[name] ?? 0 }))
  const shareOf = (clicks: number): string => shareText(known === 0 ? null : clicks / known)
  const bars = rows.map(
    ({ label, clicks }): Bar => ({
      label,
      shortLabel: label === '11–20' ? '11+' : label,
      value: clicks,
      text: compactText(clicks),
      hint: `position ${label}: ${countOf(clicks, 'click', 'clicks')}, ${shareOf(clicks)}`,
      style: label.length > 2 ? 'grouped' : 'plain',
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
    formula: 'clicks credited to searches, by position; the first result is at 1',
    drawings: [NARROW, HALF].map((size) => barDrawing(size, title, bars, labels)),
    summary:
      known === 0
        ? 'No clicks with a known position.'
        : `${countOf(known, 'click', 'clicks')}: ${shareOf(top3)} at positions 1 to 3, position ${average} on average. ${
            unknown === 0
              ? 'Every click has a known position.'
              : `${countOf(unknown, 'more click has', 'more clicks have')} no known position.`
          }`,
    legend: known === 0 ? null : { style: 'grouped', text: 'Pale: 11–20 and 21+ count several positions together.' },
    columns: ['position', 'clicks', 'share of clicks'],
    rows: rows.map(({ label, clicks }) => [label, countText(clicks), shareOf(clicks)]),
  })
}

export function ctrByPosition(counts: Counts): Markup {
  const rows = POSITIONS.map((position) => {
    const clicked = counts[`clicked_at_${position}`] ?? 0
    const shown = counts[`shown_at_${position}`] ?? 0
    return {
      label: `${position}`,
      clicked,
      shown,
      ratio: shown === 0 ? null : clicked / shown,
      isUncertain: shown < UNCERTAIN_BELOW,
    }
  })
  const bars = rows.map(
    ({ label, clicked, shown, ratio, isUncertain }): Bar => ({
      label,
      shortLabel: label,
      value: ratio,
      text: ratio === null ? '' : `${Math.round(ratio * 100)}%`,
      hint: `position ${label}: ${shareText(ratio)}, clicked in ${countText(clicked)} of ${countText(shown)} searches`,
      style: isUncertain ? 'uncertain' : 'plain',
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
        : `Users clicked the first result in ${countText(first.clicked)} of ${countOf(first.shown, 'search', 'searches')} that showed one, ${shareText(first.ratio)}.`,
    legend: rows.some(({ isUncertain, ratio }) => isUncertain && ratio !== null)
      ? { style: 'uncertain', text: `Hollow: fewer than ${UNCERTAIN_BELOW} searches showed it.` }
      : null,
    columns: ['position', 'searches that showed it', 'clicked', 'CTR'],
    rows: rows.map(({ label, shown, clicked, ratio, isUncertain }) => [
      label,
      countText(shown),
      countText(clicked),
      `${isUncertain && ratio !== null ? '* ' : ''}${shareText(ratio)}`,
    ]),
  })
}
