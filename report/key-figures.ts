// Computes the figures at the top of a report, with their parts and the change from the days
// before.

import { DAY_MS } from '../functions/domain/durations.ts'
import { addCounts, type Counts, FIRST_CLICK_RANGES } from '../functions/domain/results/counts.ts'
import { ratiosOf, satisfactionRatiosOf, sessionRatiosOf } from '../functions/domain/results/ratios.ts'
import type { DayRollup } from '../functions/domain/results/rollup.ts'
import { countOf, countText, decimalText, durationText, NOTHING, shareText, UNCERTAIN_BELOW } from './number-text.ts'
import { daysIn, type ReportData } from './report-data.ts'
import { pickCounts } from './time-points.ts'
import { medianRange, rangeCounts } from './value-ranges.ts'

export interface KeyFigure {
  readonly name: string
  readonly value: string
  /** The numerator and the denominator in words. */
  readonly parts: string
  /** True where the figure comes from too few searches or clicks. */
  readonly isUncertain: boolean
  /** Null without a comparison. */
  readonly change: string | null
}

export interface KeyFigures {
  readonly figures: readonly KeyFigure[]
  /** States what the changes compare with, or why there is no comparison. */
  readonly comparison: string
}

export function sumDays(days: readonly DayRollup[]): Counts {
  return days.reduce<Counts>((sum, day) => addCounts(sum, pickCounts(day)), {})
}

export function keyFigures(data: ReportData): KeyFigures {
  const now = sumDays(data.days)
  const before = sumDays(data.daysBefore)
  const obstacle = comparisonObstacle(data, before)
  const figures = figuresOf(now, obstacle === null ? before : null, data.segment !== null)
  const span = daysIn(data.range) === 1 ? 'day' : `${daysIn(data.range)} days`
  return { figures, comparison: obstacle ?? `Changes are against the ${span} before.` }
}

/** Returns why the two periods cannot be compared fairly, or null where they can. */
function comparisonObstacle({ days, daysBefore, range, madeAtMs }: ReportData, before: Counts): string | null {
  if (Date.parse(range.to) + DAY_MS > madeAtMs) return 'No comparison with the period before: the last day is not over.'
  const searches = before.searches ?? 0
  if (daysBefore.length >= days.length && searches >= UNCERTAIN_BELOW) return null
  if (searches === 0) return 'No comparison with the period before: it has no searches.'
  const had = `${countOf(searches, 'search', 'searches')} on ${countOf(daysBefore.length, 'day', 'days')}`
  return `No comparison with the period before: it has only ${had}.`
}

/**
 * Computes every figure of the report from sums of rows, and compares them with earlier ones.
 *
 * @param isSegment whether the counts are those of one segment, which has no sessions.
 */
export function figuresOf(now: Counts, before: Counts | null, isSegment = false): KeyFigure[] {
  const figures = [...searchFigures(now, before, isSegment), ...clickFigures(now, before)]
  return isSegment ? figures : [...figures, ...sessionFigures(now, before)]
}

function allRatios(counts: Counts) {
  return { ...ratiosOf(counts), ...satisfactionRatiosOf(counts), ...sessionRatiosOf(counts) }
}

function searchFigures(now: Counts, before: Counts | null, isSegment: boolean): KeyFigure[] {
  const ratios = allRatios(now)
  const past = before && allRatios(before)
  const { searches = 0, clicks = 0, unknown_satisfaction_searches: unknown = 0 } = now
  const known = searches - unknown
  const ofSearches = (count = 0, whole = searches): string =>
    `${countText(count)} of ${countOf(whole, 'search', 'searches')}`
  const shareOf = (
    name: 'ctr' | 'satisfied_rate' | 'reformulation_rate' | 'zero_result_rate' | 'abandonment_rate',
  ) => ({
    value: shareText(ratios[name]),
    isUncertain: (name === 'satisfied_rate' ? known : searches) < UNCERTAIN_BELOW,
    change: past && shareChange(ratios[name], past[name]),
  })
  const zeroResults = `${ofSearches(now.zero_result_searches)}, ${countText(now.searches_with_result_count ?? 0)} with a known count`
  return [
    {
      name: 'Searches',
      value: countText(searches),
      parts: `${countOf(clicks, 'click', 'clicks')}${isSegment ? '' : `, ${countText(now.orphan_clicks ?? 0)} of no search`}`,
      isUncertain: false,
      change: before && countChange(searches, before.searches ?? 0),
    },
    { name: 'CTR', parts: `${ofSearches(now.searches_with_click)} clicked`, ...shareOf('ctr') },
    {
      name: 'Satisfied rate',
      parts: `${ofSearches(now.satisfied_searches, known)}, ${countText(unknown)} unknown`,
      ...shareOf('satisfied_rate'),
    },
    {
      name: 'Reformulation rate',
      parts: ofSearches(now.reformulated_searches),
      ...shareOf('reformulation_rate'),
    },
    { name: 'Zero-result rate', parts: zeroResults, ...shareOf('zero_result_rate') },
    { name: 'Abandonment', parts: ofSearches(now.abandoned_searches), ...shareOf('abandonment_rate') },
  ]
}

function clickFigures(now: Counts, before: Counts | null): KeyFigure[] {
  const ratios = allRatios(now)
  const past = before && allRatios(before)
  const { searches = 0, clicks = 0, clicks_with_position: withPosition = 0, searches_with_click: clicked = 0 } = now
  return [
    {
      name: 'Clicks per search',
      value: decimalText(ratios.clicks_per_search),
      parts: `${countOf(clicks, 'click', 'clicks')}, ${countOf(searches, 'search', 'searches')}`,
      isUncertain: searches < UNCERTAIN_BELOW,
      change: past && decimalChange(ratios.clicks_per_search, past.clicks_per_search),
    },
    {
      name: 'Average clicked position',
      value: decimalText(ratios.average_clicked_position),
      parts: `${countOf(withPosition, 'click', 'clicks')} with a position`,
      isUncertain: withPosition < UNCERTAIN_BELOW,
      change: past && decimalChange(ratios.average_clicked_position, past.average_clicked_position),
    },
    {
      name: 'Median time to first click',
      value: medianOf(now) ?? NOTHING,
      parts: `range of the median, ${countOf(clicked, 'search', 'searches')} with a click`,
      isUncertain: clicked < UNCERTAIN_BELOW,
      change: before && `${medianOf(before) ?? NOTHING} before`,
    },
  ]
}

function sessionFigures(now: Counts, before: Counts | null): KeyFigure[] {
  const { sessions = 0, sessions_with_success: successes = 0 } = now
  const { average_searches_to_success: searchesTo, average_time_to_success_ms: timeToMs } = allRatios(now)
  const past = before && allRatios(before)
  const ofSuccess = {
    parts: `average of ${countOf(successes, 'session', 'sessions')} with a satisfied search`,
    isUncertain: successes < UNCERTAIN_BELOW,
  }
  return [
    {
      name: 'Sessions',
      value: countText(sessions),
      parts: `${countText(now.sessions_with_click ?? 0)} with a click`,
      isUncertain: false,
      change: before && countChange(sessions, before.sessions ?? 0),
    },
    {
      name: 'Searches to success',
      value: decimalText(searchesTo),
      ...ofSuccess,
      change: past && decimalChange(searchesTo, past.average_searches_to_success),
    },
    {
      name: 'Time to success',
      value: timeText(timeToMs),
      ...ofSuccess,
      change: past && `${timeText(past.average_time_to_success_ms)} before`,
    },
  ]
}

function timeText(timeMs: number | null): string {
  return timeMs === null ? NOTHING : durationText(timeMs)
}

function medianOf(counts: Counts): string | null {
  return medianRange(rangeCounts(FIRST_CLICK_RANGES, counts))
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits)
  if (Number(text) === 0) return '±0'
  return `${value < 0 ? '−' : '+'}${text}`
}

/** Subtracts the rounded numbers, so that the difference agrees with what the reader sees. */
function difference(now: number, before: number, digits: number): string {
  return signed(Number(now.toFixed(digits)) - Number(before.toFixed(digits)), digits)
}

function countChange(now: number, before: number): string {
  return before === 0 ? '0 before' : `${signed((now / before - 1) * 100, 1)} % (${countText(before)} before)`
}

function shareChange(now: number | null, before: number | null): string | null {
  if (now === null || before === null) return null
  return `${difference(now * 100, before * 100, 1)} points (${shareText(before)} before)`
}

function decimalChange(now: number | null, before: number | null): string | null {
  if (now === null || before === null) return null
  return `${difference(now, before, 2)} (${decimalText(before)} before)`
}
