// Reads the time of an event, and explains a time that cannot be (E4).

import { FieldError, type RejectReason } from './rejection.ts'
import { isoTime, parseTime } from './time.ts'

/** The default of the setting `minEventTime`: the year 2000. */
export const MIN_EVENT_TIME_MS = 946_684_800_000

const SEND = 'send epoch milliseconds or ISO 8601'

/** Throws FieldError for a value that is no time, or a time before `minEventTimeMs`. */
export function readTime(sent: unknown, minEventTimeMs: number): number {
  const timeMs = parseTime(sent)
  if (timeMs === null) throw timeError('time', sent)
  if (timeMs >= minEventTimeMs) return timeMs
  throw implausible('time', sent, typeof sent === 'number' ? sent : null) ?? beforeMin(timeMs, minEventTimeMs)
}

/** Explains a value that `parseTime` cannot read. */
export function timeError(
  name: string,
  sent: unknown,
  expected = 'expected ISO 8601 with zone, or epoch milliseconds',
) {
  const isDigits = typeof sent === 'string' && /^\s*\d{1,19}(?:\.\d{1,9})?\s*$/.test(sent)
  const found = implausible(name, sent, typeof sent === 'number' ? sent : isDigits ? Number(sent) : null)
  if (found !== null) return found
  if (typeof sent === 'string' && ZERO_DATE.test(sent))
    return fieldError('time-implausible', name, `${sent} is a zero date; send the real time, or none`)
  if (isDigits) return fieldError('invalid-field', name, 'digits in a text; send epoch milliseconds as a number')
  return fieldError('invalid-field', name, expected)
}

/** Databases and libraries write such a date, which does not exist, for none. */
const ZERO_DATE = /^0000-00-00(?:[T ][\d:.]{0,18}(?:Z|[+-]00:?00)?)?$/i

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

function beforeMin(timeMs: number, minEventTimeMs: number): FieldError {
  const detail = `${isoTime(timeMs)} is before ${isoTime(minEventTimeMs)}, like the time of a clock that is not set`
  return fieldError('time-implausible', 'time', `${detail}; ${SEND}, or no time`)
}

function fieldError(reason: RejectReason, name: string, detail: string): FieldError {
  return new FieldError(reason, `${name}: ${detail}`)
}
