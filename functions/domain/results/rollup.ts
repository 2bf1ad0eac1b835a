// Sums the rows of an hour, and the hours of a day.

import type { Digest } from '../events/event.ts'
import { isoTime } from '../events/time.ts'
import { type CountedRow, CountSum } from './count-sum.ts'
import { addCounts, COUNTS, type CountName, type Counts } from './counts.ts'
import { ratiosOf, satisfactionRatiosOf, sessionRatiosOf } from './ratios.ts'
import type { ResultRow } from './result.ts'

/** Raised when a column changes its meaning. A new column does not raise it. */
export const ROLLUP_SCHEMA = 1

type Ratios = ReturnType<typeof ratiosOf> & ReturnType<typeof satisfactionRatiosOf> & ReturnType<typeof sessionRatiosOf>

interface CommonRollup extends Readonly<Record<CountName, number>>, Ratios {
  readonly pk: string
  readonly sk: string
  readonly schema: typeof ROLLUP_SCHEMA
  readonly day: string
  /**
   * The labels by whose values the searches are summed beside (M4), joined by commas. Absent for
   * none.
   */
  readonly segments?: string
}

export interface HourRollup extends CommonRollup {
  readonly kind: 'hour'
  /** UTC, 0 to 23. */
  readonly hour: number
  /** When the first of its rows expires; the sum stays as it is from then on. Null without rows. */
  readonly rows_expire_at: string | null
}

export interface DayRollup extends CommonRollup {
  readonly kind: 'day'
}

/**
 * The hour that a row counts in, in UTC: that of its search, or of its session's start (R6). Hours
 * are written `2026-03-02T09`, and days `2026-03-02`.
 */
export function hourOf({ day, hour }: Pick<ResultRow, 'day' | 'hour'>): string {
  return `${day}T${String(hour).padStart(2, '0')}`
}

/** The hour of a time, in the same form. */
export function hourAt(timeMs: number): string {
  return isoTime(timeMs).slice(0, 'YYYY-MM-DDTHH'.length)
}

export function dayOf(hour: string): string {
  return hour.slice(0, 'YYYY-MM-DD'.length)
}

/** The day of a time, in UTC. */
export function dayAt(timeMs: number): string {
  return dayOf(hourAt(timeMs))
}

export function hourStartMs(hour: string): number {
  return Date.parse(`${hour}:00:00.000Z`)
}

/** The hours of a day, in order. */
export function hoursOf(day: string): string[] {
  return Array.from({ length: 24 }, (_, hour) => hourOf({ day, hour }))
}

export function sumRows(rows: readonly CountedRow[]): Counts {
  const sum = new CountSum()
  for (const row of rows) sum.add(row)
  return sum.counts
}

export function hourKey(hour: string): { pk: string; sk: string } {
  return { pk: 'rollup#hour', sk: hour }
}

export function dayKey(day: string): { pk: string; sk: string } {
  return { pk: 'rollup#day', sk: day }
}

export function hourRollup(
  hour: string,
  counts: Counts,
  rowsExpireAtMs: number | null = null,
  labels: readonly string[] = [],
): HourRollup {
  const day = dayOf(hour)
  return {
    ...hourKey(hour),
    kind: 'hour',
    schema: ROLLUP_SCHEMA,
    day,
    hour: Number(hour.slice(-2)),
    rows_expire_at: rowsExpireAtMs === null ? null : isoTime(rowsExpireAtMs),
    ...segmentsAttribute(labels),
    ...allCounts(counts),
    ...ratiosOf(counts),
    ...satisfactionRatiosOf(counts),
    ...sessionRatiosOf(counts),
  }
}

export function dayRollup(day: string, hours: readonly HourRollup[], labels: readonly string[] = []): DayRollup {
  const counts = hours.reduce<Counts>((sum, hour) => addCounts(sum, pickCounts(hour)), {})
  return {
    ...dayKey(day),
    kind: 'day',
    schema: ROLLUP_SCHEMA,
    day,
    ...segmentsAttribute(labels),
    ...allCounts(counts),
    ...ratiosOf(counts),
    ...satisfactionRatiosOf(counts),
    ...sessionRatiosOf(counts),
  }
}

function segmentsAttribute(labels: readonly string[]): { segments?: string } {
  return labels.length === 0 ? {} : { segments: labels.join(',') }
}

/** Returns the labels by whose values the searches of an hour or day are summed, too. */
export function segmentsIn({ segments }: HourRollup | DayRollup): string[] {
  return segments === undefined ? [] : segments.split(',')
}

function allCounts(counts: Counts): Record<CountName, number> {
  return Object.fromEntries(COUNTS.map((name) => [name, counts[name] ?? 0])) as Record<CountName, number>
}

function pickCounts(hour: HourRollup): Counts {
  return Object.fromEntries(COUNTS.map((name) => [name, hour[name] ?? 0]))
}

/** The slices of an hour's index entries. They spread the writes, and each can be read alone. */
export const SLICES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'] as const
export type Slice = (typeof SLICES)[number]

export const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The slice of a row. All searches for one query share a slice; sessions spread by their ids. */
export function sliceOf(row: ResultRow, digest: Digest): Slice {
  return sliceOfText(row.kind === 'search' ? foldQuery(row.query) : row.session_id, digest)
}

export function sliceOfText(text: string, digest: Digest): Slice {
  return SLICES[BASE64URL.indexOf(digest(text).slice(0, 1)) % SLICES.length] as Slice
}

/**
 * Folds the spellings of a query into one: NFC, trimmed, single spaces, and the full case folding
 * of Unicode. So `STRASSE` and `Straße` are one query. It has no locale: the i of `İstanbul` keeps
 * its dot, and `ı` is no `i`.
 */
export function foldQuery(query: string): string {
  const spaced = query.trim().replace(/\s+/g, ' ')
  if (ASCII.test(spaced)) return spaced.toLowerCase()
  return spaced.normalize('NFC').replace(/[^ı]+/gu, foldCase).replaceAll('ς', 'σ').normalize('NFC')
}

/** The upper case makes SS of ß. It is that of the lower case, since ẞ is its own upper case. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase()
}

const ASCII = /^\p{ASCII}*$/u
