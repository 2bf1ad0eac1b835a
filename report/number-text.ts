// Numbers as a person reads them: a count, share, position, duration or time in, a short text out. Nothing is "–", never 0.

export const NOTHING = '–'

/** Below this many, a ratio is marked as uncertain. */
export const FEW = 30

const GROUPED = new Intl.NumberFormat('en-GB')
const COMPACT = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 })

export function countText(count: number): string {
  return GROUPED.format(count)
}

/** For labels with little room: 12.3k. */
export function compactText(count: number): string {
  return COMPACT.format(count).toLowerCase()
}

/** `1 search`, `2 searches`. */
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
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** In the two largest units: `1 h 5 min`; below a minute in seconds. */
export function durationText(ms: number): string {
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`
  const first = UNITS.findIndex(([unitMs]) => ms >= unitMs)
  const [largeMs, large] = UNITS[first] as (typeof UNITS)[number]
  const [smallMs, small] = UNITS[first + 1] as (typeof UNITS)[number]
  const rest = Math.floor((ms % largeMs) / smallMs)
  return `${Math.floor(ms / largeMs)} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`
}

/** `2026-03-02 09:00`, UTC. */
export function minuteText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')
}

/** Text with an end, in code points. */
export function truncateText(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text
  const characters = [...text]
  return characters.length <= charactersMax ? text : `${characters.slice(0, charactersMax - 1).join('')}…`
}
