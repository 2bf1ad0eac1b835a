// Aggregates UBI documents as the panels of OpenSearch's dashboard "UBI Search Overview" do.

import type { Sent } from './events.ts'

type Terms = readonly (readonly [string, number])[]

export interface UbiPanels {
  /** "Queries over Time". */
  readonly byDay: Terms
  /** "Queries by Time of Day": 24 numbers. */
  readonly byHour: readonly number[]
  /** "Searches by Day of Week": 7 numbers, from Monday. */
  readonly byWeekday: readonly number[]
  /** "Most common queries". */
  readonly common: Terms
  /** "Top Searches Without Results". */
  readonly withoutResults: Terms
  /** "Click Position Histogram", by ordinal. */
  readonly ordinals: readonly (readonly [number, number])[]
  /** "Average Click Position"; null without clicks. */
  readonly averageOrdinal: number | null
}

const TERMS_MAX = 100
const ORDINALS_MAX = 25

/** @param documents those of both indexes, in any order. */
export function ubiPanels(documents: readonly Sent[]): UbiPanels {
  const queries = documents.filter((document) => 'user_query' in document && !('action_name' in document))
  const times = queries.map(({ timestamp }) => new Date(timestamp as string | number))
  const hits = ({ query_response_hit_ids: ids }: Sent): readonly unknown[] => (ids ?? []) as readonly unknown[]
  const ordinals = documents.filter((document) => document.action_name === 'click').flatMap(ordinalsOf)
  return {
    byDay: terms(times.map((time) => time.toISOString().slice(0, 10))).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    byHour: Array.from({ length: 24 }, (_, hour) => times.filter((time) => time.getUTCHours() === hour).length),
    byWeekday: [1, 2, 3, 4, 5, 6, 0].map((day) => times.filter((time) => time.getUTCDay() === day).length),
    common: terms(queries.map(({ user_query: query }) => String(query))).slice(0, TERMS_MAX),
    withoutResults: terms(
      queries.filter((query) => hits(query).length === 0).map(({ user_query: query }) => String(query)),
    ).slice(0, TERMS_MAX),
    ordinals: terms(ordinals.map(String))
      .map(([ordinal, count]) => [Number(ordinal), count] as const)
      .toSorted(([a], [b]) => a - b)
      .slice(0, ORDINALS_MAX),
    averageOrdinal: ordinals.length === 0 ? null : ordinals.reduce((sum, one) => sum + one, 0) / ordinals.length,
  }
}

function ordinalsOf({ event_attributes: attributes }: Sent): readonly number[] {
  const { position } = (attributes ?? {}) as { position?: { ordinal?: number } }
  return position?.ordinal === undefined ? [] : [position.ordinal]
}

/** The terms with the most documents first, and equal ones in the order of their text. */
function terms(values: readonly string[]): Terms {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([a, of], [b, than]) => than - of || (a < b ? -1 : 1))
}
