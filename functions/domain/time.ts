// Times at the edge: ISO 8601 or epoch milliseconds in, epoch milliseconds out, and back to ISO 8601 UTC.

const ISO = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)$/i

/** Years 0 to 9999, the ones that ISO 8601 writes with four digits and that sort as text. */
const TIME_MS_MIN = -62_167_219_200_000
const TIME_MS_MAX = 253_402_300_799_999

/** Null for anything that is not a moment: no zone, no such day, out of years 0 to 9999. Finer than a ms is cut off. */
export function parseTime(value: unknown): number | null {
  const timeMs =
    typeof value === 'string' ? parseIso(value) : typeof value === 'number' ? Math.floor(value) : Number.NaN
  return timeMs >= TIME_MS_MIN && timeMs <= TIME_MS_MAX ? timeMs : null
}

function parseIso(value: string): number {
  const match = ISO.exec(value)
  if (match === null) return Number.NaN
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = 'Z'] = match
  const date = `${year}-${month}-${day}`
  const midnightMs = Date.parse(`${date}T00:00:00.000Z`)
  // Date.parse rolls 30 February over into March instead of refusing it.
  if (Number.isNaN(midnightMs) || isoTime(midnightMs).slice(0, 10) !== date) return Number.NaN
  const [h, m, s] = [Number(hour), Number(minute), Number(second)]
  if (h > 23 || m > 59 || s > 59) return Number.NaN
  const timeMs = midnightMs + ((h * 60 + m) * 60 + s) * 1000 + Number(`${fraction}000`.slice(0, 3))
  return timeMs - zoneMs(zone)
}

function zoneMs(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', ''))
  if (hours > 23 || minutes > 59) return Number.NaN
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** The nearest time of years 0 to 9999. */
export function clampTime(timeMs: number): number {
  return Math.min(Math.max(timeMs, TIME_MS_MIN), TIME_MS_MAX)
}

/** ISO 8601 UTC with milliseconds, as every stored time is written. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
