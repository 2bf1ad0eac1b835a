// Touches and rollups in memory: what DynamoDB does for the rollup step, as plain maps, for tests and simulations.

import type { Digest } from '../domain/events/event.ts'
import type { ResultRow } from '../domain/results/result.ts'
import { type DayRollup, type HourRollup, hourOf, type Slice, sliceOf } from '../domain/results/rollup.ts'
import { type QueryRollup, queriesPartition } from '../domain/results/top-queries.ts'
import { type Ranking, type RollupStore, StoreConflict, type Touch, type Touches, type WaitingTouch } from '../ports.ts'

export interface MemoryTouches extends Touches {
  /** By kind and what it is of. */
  readonly waiting: ReadonlyMap<string, WaitingTouch>
}

export function memoryTouches(): MemoryTouches {
  const waiting = new Map<string, WaitingTouch>()
  const keyOf = ({ kind, of }: Touch): string => `${kind}#${of}`
  return {
    waiting,
    touch: async (touches) => {
      for (const touch of touches) waiting.set(keyOf(touch), { ...touch, seenMs: null })
    },
    touched: async function* () {
      yield [...waiting.values()]
    },
    see: async (touch, nowMs) => {
      const now = waiting.get(keyOf(touch))
      if (now?.atMs === touch.atMs && now.seenMs === null) waiting.set(keyOf(touch), { ...now, seenMs: nowMs })
    },
    settle: async (touch) => {
      const now = waiting.get(keyOf(touch))
      if (now?.atMs === touch.atMs && now.seenMs === touch.seenMs) waiting.delete(keyOf(touch))
    },
  }
}

const FAR_AWAY_MS = Date.parse('2100-01-01T00:00:00.000Z')

export interface MemoryRollupStore extends RollupStore {
  /** By `<pk> <sk>`. */
  readonly rollups: ReadonlyMap<string, HourRollup | DayRollup>
  /** The lists of each day. */
  readonly queries: ReadonlyMap<string, readonly QueryRollup[]>
}

/** @param rows as the index shows them now; all expire at the same moment. */
export function memoryRollupStore(
  rows: () => Iterable<ResultRow>,
  digest: Digest,
  expiresAtMs = FAR_AWAY_MS,
): MemoryRollupStore {
  const rollups = new Map<string, HourRollup | DayRollup>()
  const revisions = new Map<string, number>()
  const rankings = new Map<string, Ranking>()
  const queries = new Map<string, readonly QueryRollup[]>()
  const keyOf = ({ pk, sk }: { pk: string; sk: string }): string => `${pk} ${sk}`
  const isIn = (row: ResultRow, hour: string, slice: Slice): boolean =>
    hourOf(row) === hour && sliceOf(row, digest) === slice
  return {
    rollups,
    queries,
    rowsOf: async function* (hour, slice) {
      yield [...rows()].filter((row) => isIn(row, hour, slice)).map((row) => ({ row, expiresAtMs }))
    },
    load: async (key) => {
      const rollup = rollups.get(keyOf(key))
      return rollup === undefined ? null : { rollup: rollup as never, revision: revisions.get(keyOf(key)) ?? 0 }
    },
    hoursOf: async (day) =>
      [...rollups.values()]
        .filter((rollup): rollup is HourRollup => rollup.kind === 'hour' && rollup.day === day)
        .sort((a, b) => a.hour - b.hour),
    save: async (rollup, baseRevision) => {
      const stored = revisions.get(keyOf(rollup)) ?? 0
      if (stored !== baseRevision) throw new StoreConflict(rollup.sk, stored)
      rollups.set(keyOf(rollup), rollup)
      revisions.set(keyOf(rollup), baseRevision + 1)
    },
    ranking: async (day) => rankings.get(day) ?? null,
    saveRanking: async (day, lists, baseRevision, { computedAtMs }) => {
      const stored = rankings.get(day)?.revision ?? 0
      if (stored !== baseRevision) throw new StoreConflict(queriesPartition(day), stored)
      rankings.set(day, { revision: baseRevision + 2, computedAtMs })
      queries.set(day, [...lists])
    },
  }
}
