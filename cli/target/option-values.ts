// Values of options: what was typed in, a checked value out, or a sentence that says what was expected.

import { InvalidArgumentError } from 'commander'
import { parseTime } from '../../functions/domain/events/time.ts'

export function collectSetting(text: string, settings: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Expected name=value.')
  return { ...settings, [text.slice(0, equals)]: text.slice(equals + 1) }
}

export function parsePath(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('Expected a path.')
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count < 2 ** 31) return count
  throw new InvalidArgumentError('Expected a whole number from 1.')
}

/** @param max the largest that is allowed. */
export function parseCountTo(max: number): (text: string) => number {
  return (text) => {
    const count = Number(text)
    if (Number.isInteger(count) && count >= 1 && count <= max) return count
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${max}.`)
  }
}

/** @param max the largest that is allowed; 0 is for none. */
export function parseSessions(max: number): (text: string) => number {
  return (text) => {
    const count = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isInteger(count) && count >= 0 && count <= max) return count
    throw new InvalidArgumentError(`Expected a whole number from 0 to ${max}.`)
  }
}

const CHAOS_RATE_MAX = 0.5

export function parseChaosRate(text: string): number {
  const rate = text.trim() === '' ? Number.NaN : Number(text)
  if (rate >= 0 && rate <= CHAOS_RATE_MAX) return rate
  throw new InvalidArgumentError(`Expected a number from 0 to ${CHAOS_RATE_MAX}.`)
}

/** Four ports in a row are taken. */
const PORT_MAX = 65_532

export function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= PORT_MAX) return port
  throw new InvalidArgumentError(`Expected a port from 1 to ${PORT_MAX}.`)
}

/** UTC, as `2026-03-02`. */
export function parseDay(text: string): string {
  const startMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (!Number.isNaN(startMs) && new Date(startMs).toISOString().startsWith(text)) return text
  throw new InvalidArgumentError('Expected a day (UTC) as 2026-03-02.')
}

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const AGO = /^(?<count>\d{1,6})(?<unit>[smhd])$/

/** A moment: a day, a time with its zone, or how long ago. */
export function parseSince(text: string): number {
  const { count, unit } = AGO.exec(text)?.groups ?? {}
  if (count !== undefined) return Date.now() - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]
  const timeMs = parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  if (timeMs !== null) return timeMs
  throw new InvalidArgumentError('Expected 30m, 12h, 7d, 2026-03-02 or 2026-03-02T09:00:00Z.')
}

/** As events name it. */
export function parseUser(text: string): string {
  const characters = [...text].length
  if (characters >= 1 && characters <= USER_CHARACTERS_MAX) return text
  throw new InvalidArgumentError(`Expected 1 to ${USER_CHARACTERS_MAX} characters.`)
}

const USER_CHARACTERS_MAX = 256
