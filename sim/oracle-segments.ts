// Computes by the rules (M4, M5) the searches of an hour and of a day by the values of a label, and
// by buckets of users. It shares no code with the pipeline, and is written to be read, not to be
// fast.

import { createHash } from 'node:crypto'
import type { SearchRow } from '../functions/domain/results/result.ts'

export interface OracleSegment {
  readonly value: string
  /**
   * Searches, with a click, satisfied, of unknown satisfaction, clicks, without results,
   * reformulated.
   */
  readonly counts: readonly number[]
  /** The same of each of the 64 buckets. */
  readonly buckets: readonly (readonly number[])[]
}

const NONE = '(none)'
const OTHERS = '(other)'

/** @param rows the searches of one hour. */
export function oracleHour(rows: readonly SearchRow[], label: string, valuesMax: number): OracleSegment[] {
  const segmentOf = ({ labels }: SearchRow): string => labels?.[label] || NONE
  const askedFor = (value: string): number => rows.filter((row) => segmentOf(row) === value).length
  const values = [...new Set(rows.map(segmentOf))].filter((value) => value !== NONE && value !== OTHERS)
  const named = values.sort((a, b) => askedFor(b) - askedFor(a) || (a < b ? -1 : 1)).slice(0, valuesMax)
  const countedAs = (row: SearchRow): string => {
    const value = segmentOf(row)
    return value === NONE || named.includes(value) ? value : OTHERS
  }
  return [...named, NONE, OTHERS]
    .map((value) => {
      const own = rows.filter((row) => countedAs(row) === value)
      const buckets = Array.from({ length: 64 }, (_, n) => countsOf(own.filter((row) => bucketOf(row) === n)))
      return { value, counts: countsOf(own), buckets }
    })
    .filter(({ counts: [searches] }) => searches !== 0)
}

/** @param hours those of one day, in order. */
export function oracleDay(hours: readonly (readonly OracleSegment[])[], valuesMax: number): OracleSegment[] {
  const all = hours.flat()
  const values = all.map(({ value }) => value).filter((value) => value !== NONE && value !== OTHERS)
  const named = [...new Set(values)].slice(0, valuesMax)
  const countedAs = ({ value }: OracleSegment): string => (value === NONE || named.includes(value) ? value : OTHERS)
  return [...named, NONE, OTHERS].flatMap((value) => {
    const own = all.filter((segment) => countedAs(segment) === value)
    if (own.length === 0) return []
    const buckets = Array.from({ length: 64 }, (_, n) => added(own.map((segment) => segment.buckets[n] ?? [])))
    return [{ value, counts: added(own.map(({ counts }) => counts)), buckets }]
  })
}

function countsOf(rows: readonly SearchRow[]): number[] {
  return [
    rows.length,
    rows.filter(({ clicked }) => clicked === 1).length,
    rows.filter(({ satisfaction }) => satisfaction === 'satisfied').length,
    rows.filter(({ satisfaction }) => satisfaction === 'unknown').length,
    rows.reduce((sum, { clicks }) => sum + clicks, 0),
    rows.filter(({ zero_results: isEmpty }) => isEmpty === 1).length,
    rows.filter(({ reformulated }) => reformulated === 1).length,
  ]
}

function added(all: readonly (readonly number[])[]): number[] {
  return Array.from({ length: 7 }, (_, n) => all.reduce((sum, counts) => sum + (counts[n] ?? 0), 0))
}

/** The first six bits of the digest of `user#<user>`. */
function bucketOf({ user }: SearchRow): number {
  const [first = 0] = createHash('sha256').update(`user#${user}`).digest()
  return first >> 2
}
