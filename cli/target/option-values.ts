// Checks the values of options. An invalid value is reported with the values that are allowed.

import { InvalidArgumentError } from 'commander'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { parseTime } from '../../functions/domain/events/time.ts'
import { NO_VALUE, type Segment } from '../../functions/domain/results/segments.ts'

/** Adds one `name=value` to the settings given before it. */
export function collectSetting(text: string, settings: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Expected name=value.')
  return { ...settings, [text.slice(0, equals)]: text.slice(equals + 1) }
}

export function parsePath(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('Expected a path.')
}

const COUNT_MAX = 2 ** 31 - 1

/** Returns a parser of whole numbers from `min` to `max`, both inclusive. */
export function wholeNumber(min: number, max: number = COUNT_MAX, what = 'a whole number'): (text: string) => number {
  return (text) => {
    const found = parseNumber(text)
    if (Number.isInteger(found) && found >= min && found <= max) return found
    throw new InvalidArgumentError(`Expected ${what} from ${min}${max === COUNT_MAX ? '' : ` to ${max}`}.`)
  }
}

export const parseCount = wholeNumber(1)

/** Emulators listen on four ports in a row. */
const PORT_MAX = 65_532

export const parsePort = wholeNumber(1, PORT_MAX, 'a port')

const CHAOS_RATE_MAX = 0.5

export function parseChaosRate(text: string): number {
  const rate = parseNumber(text)
  if (rate >= 0 && rate <= CHAOS_RATE_MAX) return rate
  throw new InvalidArgumentError(`Expected a number from 0 to ${CHAOS_RATE_MAX}.`)
}

/** Returns NaN for a text that is no number. */
export function parseNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}

/** Returns a day (UTC) such as `2026-03-02` as it is. */
export function parseDay(text: string): string {
  const startMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (!Number.isNaN(startMs) && new Date(startMs).toISOString().startsWith(text)) return text
  throw new InvalidArgumentError('Expected a day (UTC) such as 2026-03-02.')
}

/** Reads `application=shop`, once. An empty value stands for none, as in sums. */
export function parseSegment(text: string, previous?: Segment): Segment {
  if (previous !== undefined) throw new InvalidArgumentError('Expected one segment, since no sums are by two labels.')
  const { label, value } = /^(?<label>[a-z0-9_-]{1,32})=(?<value>.*)$/su.exec(text)?.groups ?? {}
  if (label !== undefined && value !== undefined) return { label, value: value === '' ? NO_VALUE : value }
  throw new InvalidArgumentError('Expected a label and its value, such as application=shop.')
}

const UNITS_MS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const
const AGO = /^(?<count>\d{1,6})(?<unit>[smhd])$/

/**
 * Returns the epoch milliseconds of a day (UTC), of a time with its zone, or of a time so long ago.
 */
export function parseSince(text: string): number {
  const { count, unit } = AGO.exec(text)?.groups ?? {}
  if (count !== undefined) return Date.now() - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]
  const timeMs = parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  if (timeMs !== null) return timeMs
  throw new InvalidArgumentError('Expected 30m, 12h, 7d, 2026-03-02 or 2026-03-02T09:00:00Z.')
}

const USER_CHARACTERS_MAX = 256

/** Checks the id of a user by the rule for events. */
export function parseUser(text: string): string {
  const characters = [...text].length
  if (characters >= 1 && characters <= USER_CHARACTERS_MAX) return text
  throw new InvalidArgumentError(`Expected 1 to ${USER_CHARACTERS_MAX} characters.`)
}
