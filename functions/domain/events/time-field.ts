// Reads the time of an event, and explains a time that cannot be (E4).

import { FieldError, type RejectReason } from './rejection.ts'
import { isoTime, parseTime } from './time.ts'

/** The default of the setting `minEventTime`: the year 2000. */
export const MIN_EVENT_TIME_MS = 946_684_800_000

const SEND = 'send epoch milliseconds or ISO 8601'

/** Throws FieldError for a value that is no time, or a time before `minEventTimeMs`. */
export function readTime(sent: unknown, minEventTimeMs: number): number {
  const timeMs = parseTime(sent)
  if (timeMs === null)
    throw timeError('time', sent, 'expected ISO 8601 with zone, or epoch milliseconds', minEventTimeMs)
  if (timeMs >= minEventTimeMs) return timeMs
  throw (
    implausible('time', sent, typeof sent === 'number' ? sent : null) ??
    beforeMin('time', isoTime(timeMs), minEventTimeMs)
  )
}

/** Explains a value that `parseTime` cannot read. */
export function timeError(
  name: string,
  sent: unknown,
  expected: string,
  minEventTimeMs = MIN_EVENT_TIME_MS,
): FieldError {
  const text = typeof sent === 'string' ? sent.trim() : ''
  const isDigits = /^\d{1,19}(?:\.\d{1,9})?$/.test(text)
  const number = isDigits ? Number(text) : sent
  const found = implausible(name, sent, typeof number === 'number' ? number : null)
  if (found !== null) return found
  if (ZERO_DATE.test(text)) return fieldError('time-implausible', name, `${text} is a zero date; ${SEND}, or no time`)
  const latestMs = isDigits ? parseTime(number) : endOfDay(text)
  if (latestMs !== null && latestMs < minEventTimeMs) return beforeMin(name, text, minEventTimeMs)
  if (isDigits) return fieldError('invalid-field', name, 'digits in a text; send epoch milliseconds as a number')
  return fieldError('invalid-field', name, expected)
}

/** Databases and libraries write such a date, which does not exist, for none. */
const ZERO_DATE = /^0000-00-00(?:[T ][\d:.,+Z -]{0,30}(?:UTC)?)?$/i

/** A date, alone or before a time in any form. No other text may get into the detail. */
const DATED = /^(\d{4}-\d{2}-\d{2})(?:[T ][\d:.,+Z -]{0,30}(?:UTC)?)?$/i

/** The end of the day with which a text begins, in UTC; null where it begins with none. */
function endOfDay(text: string): number | null {
  const date = DATED.exec(text)?.[1]
  return date === undefined ? null : parseTime(`${date}T23:59:59.999Z`)
}

/** Numbers of these units have so many digits before the point from 2001 to 2286. */
const UNITS_BY_DIGITS: ReadonlyMap<number, string> = new Map([
  [10, 'seconds'],
  [16, 'microseconds'],
  [19, 'nanoseconds'],
])

function implausible(name: string, sent: unknown, number: number | null): FieldError | null {
  const unit = number === null || number < 0 ? undefined : UNITS_BY_DIGITS.get(digitsOf(number))
  if (unit === undefined) return null
  return fieldError('time-implausible', name, `${String(sent).trim()} looks like epoch ${unit}; ${SEND}`)
}

function digitsOf(number: number): number {
  return number < 1e21 ? String(Math.floor(number)).length : 0
}

function beforeMin(name: string, time: string, minEventTimeMs: number): FieldError {
  const detail = `${time} is before ${isoTime(minEventTimeMs)}, like the time of a clock that is not set`
  return fieldError('time-implausible', name, `${detail}; ${SEND}, or no time`)
}

function fieldError(reason: RejectReason, name: string, detail: string): FieldError {
  return new FieldError(reason, `${name}: ${detail}`)
}
