// Formats counts, shares, durations and times for readers; a missing value is "–".

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'

export const NOTHING = '–'

/** A ratio of fewer than this many searches or clicks is uncertain. */
export const UNCERTAIN_BELOW = 30

const GROUPED = new Intl.NumberFormat('en-GB')
const COMPACT = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 })

export function countText(count: number): string {
  return GROUPED.format(count)
}

/** Formats short labels, such as `12.3k`. */
export function compactText(count: number): string {
  return COMPACT.format(count).toLowerCase()
}

/** Formats a count with its noun: `1 search`, `2 searches`. */
export function countOf(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}

export function shareText(share: number | null): string {
  return share === null ? NOTHING : `${(share * 100).toFixed(1)} %`
}

export function decimalText(value: number | null): string {
  return value === null ? NOTHING : value.toFixed(2)
}

const UNITS = [
  [DAY_MS, 'd'],
  [HOUR_MS, 'h'],
  [MINUTE_MS, 'min'],
  [SECOND_MS, 's'],
] as const

/** Formats in the two largest units, such as `1 h 5 min`, and in seconds below a minute. */
export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Number((ms / SECOND_MS).toFixed(1))} s`
  const first = UNITS.findIndex(([unitMs]) => ms >= unitMs)
  const [largeMs, large] = UNITS[first] as (typeof UNITS)[number]
  const [smallMs, small] = UNITS[first + 1] as (typeof UNITS)[number]
  const rest = Math.floor((ms % largeMs) / smallMs)
  return `${Math.floor(ms / largeMs)} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`
}

/** Formats a time in UTC: `2026-03-02 09:00`. */
export function minuteText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')
}

/** Truncates to at most this many code points, with an ellipsis as the last. */
export function truncateText(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text
  const characters = [...text]
  return characters.length <= charactersMax ? text : `${characters.slice(0, charactersMax - 1).join('')}…`
}
