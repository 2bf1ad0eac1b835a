// Selects the result rows that the options of `results` ask for.

import { DAY_MS } from '../../functions/domain/durations.ts'
import { type ResultRow, rowTime } from '../../functions/domain/results/result.ts'
import { foldQuery } from '../../functions/domain/results/rollup.ts'
import { segmentOf } from '../../functions/domain/results/segment-sums.ts'
import type { Segment } from '../../functions/domain/results/segments.ts'

export interface RowFilter {
  /** `session` selects the rows of sessions, without a search too. */
  readonly kind: 'search' | 'session'
  /** The earliest time of a row, inclusive; minus infinity without one. */
  readonly fromMs: number
  /** The end of the range, exclusive; infinity without one. */
  readonly toMs: number
  /** The folded query of searches; null for any query. */
  readonly query: string | null
  /** The value of a label that searches have; null for any. */
  readonly segment: Segment | null
}

export interface RowOptions {
  readonly day?: string
  readonly query?: string
  readonly segment?: Segment
  /** Epoch milliseconds. */
  readonly since?: number
  readonly sessions?: true
}

export function rowFilter({ day, query, segment, since, sessions }: RowOptions): RowFilter {
  const dayMs = day === undefined ? null : Date.parse(`${day}T00:00:00Z`)
  return {
    kind: sessions ? 'session' : 'search',
    fromMs: Math.max(dayMs ?? Number.NEGATIVE_INFINITY, since ?? Number.NEGATIVE_INFINITY),
    toMs: dayMs === null ? Number.POSITIVE_INFINITY : dayMs + DAY_MS,
    query: query === undefined ? null : foldQuery(query),
    segment: segment ?? null,
  }
}

export function passes(row: ResultRow, { kind, fromMs, toMs, query, segment }: RowFilter): boolean {
  const timeMs = rowTime(row)
  const isAsked = query === null || (row.kind === 'search' && foldQuery(row.query) === query)
  const isInSegment = segment === null || (row.kind === 'search' && segmentOf(row, segment.label) === segment.value)
  return (row.kind === 'search') === (kind === 'search') && timeMs >= fromMs && timeMs < toMs && isAsked && isInSegment
}
