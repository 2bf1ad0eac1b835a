// Stores dirty periods and rollups in memory, for local runs, tests and simulations.

import { DAY_MS } from '../domain/durations.ts'
import type { Digest } from '../domain/events/event.ts'
import type { ResultRow, SearchRow } from '../domain/results/result.ts'
import { type DayRollup, foldQuery, type HourRollup, type Slice, sliceOf } from '../domain/results/rollup.ts'
import type { HourSegments, SegmentRollup } from '../domain/results/segments.ts'
import { type QueryRollup, queriesPartition } from '../domain/results/top-queries.ts'
import { VersionConflictError } from '../ports.ts'
import type { DirtyHours, DirtyPeriod, Ranking, RollupStore, StoredDirtyPeriod } from '../result-ports.ts'
import { groupedMap } from './grouped-map.ts'

export interface MemoryDirtyHours extends DirtyHours {
  /** By `<kind>#<hour or day>`. */
  readonly periods: ReadonlyMap<string, StoredDirtyPeriod>
}

export function memoryDirtyHours(): MemoryDirtyHours {
  const periods = new Map<string, StoredDirtyPeriod>()
  const keyOf = ({ kind, of }: DirtyPeriod): string => `${kind}#${of}`
  return {
    periods,
    mark: async (marked) => {
      for (const period of marked) periods.set(keyOf(period), { ...period, seenMs: null })
    },
    pages: async function* (kind) {
      const ofKind = [...periods.values()].filter((period) => period.kind === kind)
      yield ofKind.sort((a, b) => (a.of > b.of ? -1 : 1))
    },
    markSeen: async (period, nowMs) => {
      const stored = periods.get(keyOf(period))
      const isUnchanged = stored?.atMs === period.atMs && stored.seenMs === null
      if (isUnchanged) periods.set(keyOf(period), { ...stored, seenMs: nowMs })
    },
    clear: async (period) => {
      const stored = periods.get(keyOf(period))
      if (stored?.atMs === period.atMs && stored.seenMs === period.seenMs) periods.delete(keyOf(period))
    },
  }
}

const DISTANT_MS = Date.parse('2100-01-01T00:00:00.000Z')

export interface MemoryRollupStore extends RollupStore {
  /** By `<pk> <sk>`. */
  readonly rollups: ReadonlyMap<string, HourRollup | DayRollup>
  /** Likewise. */
  readonly segments: ReadonlyMap<string, SegmentRollup>
  /** The query lists of each day. */
  readonly queries: ReadonlyMap<string, readonly QueryRollup[]>
  /** The unfinished work of runs, by name. */
  readonly progress: ReadonlyMap<string, { readonly json: string; readonly savedMs: number }>
}

/**
 * @param rowsInHour returns the rows of an hour that the hour index shows at the moment.
 * @param expiresAtMs when all of these rows expire.
 * @param pageRows how many rows a page holds.
 */
export function memoryRollupStore(
  rowsInHour: (hour: string) => Iterable<ResultRow>,
  digest: Digest,
  expiresAtMs = DISTANT_MS,
  pageRows = Number.POSITIVE_INFINITY,
): MemoryRollupStore {
  const rollups = groupedMap<HourRollup | DayRollup, 'day'>({ day: ({ day }) => day })
  const segments = groupedMap<SegmentRollup, 'day'>({ day: ({ day }) => day })
  const revisions = new Map<string, number>()
  const rankings = new Map<string, Ranking>()
  const queries = new Map<string, readonly QueryRollup[]>()
  const progress = new Map<string, { json: string; savedMs: number }>()
  const keyOf = ({ pk, sk }: { pk: string; sk: string }): string => `${pk} ${sk}`
  // A run reads each hour once for each slice, and a digest takes longer than all else.
  const slices = new WeakMap<ResultRow, Slice>()
  const rowsIn = (hour: string, slice: Slice): ResultRow[] =>
    [...rowsInHour(hour)].filter((row) => {
      const known = slices.get(row) ?? sliceOf(row, digest)
      slices.set(row, known)
      return known === slice
    })
  return {
    rollups: rollups.all,
    segments: segments.all,
    queries,
    progress,
    rowsOf: async function* (hour, slice, from) {
      const found = rowsIn(hour, slice).map((row) => ({ row, expiresAtMs }))
      let start = Number(from?.start ?? 0)
      do {
        const end = start + pageRows
        yield { rows: found.slice(start, end), next: end < found.length ? { start: String(end) } : null }
        start = end
      } while (start < found.length)
    },
    searchesOf: async function* (hour, slice, afterKey) {
      const searches = rowsIn(hour, slice).filter((row): row is SearchRow => row.kind === 'search')
      const found = searches
        .map((row) => ({ key: foldQuery(row.query), row }))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
        .filter(({ key }) => afterKey === null || Buffer.compare(Buffer.from(key), Buffer.from(afterKey)) > 0)
      for (let start = 0; start < found.length; start += pageRows) yield found.slice(start, start + pageRows)
    },
    load: async (key) => {
      const rollup = rollups.all.get(keyOf(key)) ?? segments.all.get(keyOf(key))
      return rollup === undefined ? null : { rollup: rollup as never, revision: revisions.get(keyOf(key)) ?? 0 }
    },
    hoursOf: async (day) =>
      [...rollups.group('day', day)]
        .filter((rollup): rollup is HourRollup => rollup.kind === 'hour')
        .sort((a, b) => a.hour - b.hour),
    segmentHoursOf: async (day, label) =>
      [...segments.group('day', day)]
        .filter((rollup): rollup is HourSegments => rollup.kind === 'hour-segments' && rollup.label === label)
        .sort((a, b) => a.hour - b.hour),
    save: async (rollup, baseRevision) => {
      const stored = revisions.get(keyOf(rollup)) ?? 0
      if (stored !== baseRevision) throw new VersionConflictError(rollup.sk, stored)
      if ('values' in rollup) segments.set(keyOf(rollup), rollup)
      else rollups.set(keyOf(rollup), rollup)
      revisions.set(keyOf(rollup), baseRevision + 1)
    },
    remove: async (key, baseRevision) => {
      const stored = revisions.get(keyOf(key)) ?? 0
      if (stored !== baseRevision) throw new VersionConflictError(key.sk, stored)
      rollups.delete(keyOf(key))
      segments.delete(keyOf(key))
      revisions.delete(keyOf(key))
    },
    ranking: async (day) => rankings.get(day) ?? null,
    saveRanking: async (day, lists, baseRevision, { computedAtMs }) => {
      const stored = rankings.get(day)?.revision ?? 0
      if (stored !== baseRevision) throw new VersionConflictError(queriesPartition(day), stored)
      rankings.set(day, { revision: baseRevision + 2, computedAtMs })
      queries.set(day, [...lists])
    },
    loadProgress: async (name, nowMs) => {
      const stored = progress.get(name)
      return stored === undefined || nowMs > stored.savedMs + DAY_MS ? null : JSON.parse(stored.json)
    },
    saveProgress: async (name, unfinished, nowMs) => {
      if (unfinished === null) progress.delete(name)
      else progress.set(name, { json: JSON.stringify(unfinished), savedMs: nowMs })
    },
  }
}
