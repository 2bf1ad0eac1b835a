// Holds the stores of one run in memory, with an index that trails its table and items that expire.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import type { EmptyShards, Progress } from '../functions/aws/stream/shard-progress.ts'
import { MINUTE_MS } from '../functions/domain/durations.ts'
import type { Digest } from '../functions/domain/events/event.ts'
import type { ResultRow } from '../functions/domain/results/result.ts'
import { hourOf } from '../functions/domain/results/rollup.ts'
import type { UserState } from '../functions/domain/sessions/user-state.ts'
import type { StoredClosed } from '../functions/memory/closed-by-user.ts'
import { memoryDirtyHours, memoryRollupStore } from '../functions/memory/memory-rollups.ts'
import {
  type MemoryResultStore,
  type MemorySessionStore,
  memoryDeadLetters,
  memoryResultStore,
  memorySessionStore,
  memoryTimerStore,
} from '../functions/memory/memory-stores.ts'
import type { ShardProgress } from '../functions/ports.ts'
import type { RemovableRow } from '../functions/result-ports.ts'
import { type SimulatedTables, simulatedTables } from './simulated-tables.ts'
import type { World } from './world.ts'

export interface Stores {
  readonly sessions: MemorySessionStore & Expiring
  readonly timers: ReturnType<typeof memoryTimerStore>
  readonly results: ReturnType<typeof memoryResultStore>
  readonly dirtyHours: ReturnType<typeof memoryDirtyHours>
  readonly rollups: ReturnType<typeof memoryRollupStore>
  readonly deadLetters: ReturnType<typeof memoryDeadLetters>
  readonly progress: ShardProgress & EmptyShards & { load(shardId: string): Progress | null }
  /** The sessions, states, rows and tombstones, as items. */
  readonly tables: SimulatedTables
}

interface Expiring {
  /** When each item expires, by `expiryKey`. Infinity while a session of the state is open. */
  readonly expiresAtMs: ReadonlyMap<string, number>
  /** The state that each user had before the latest, and until when; undefined for none. */
  readonly replaced: ReadonlyMap<string, { readonly state: UserState | undefined; readonly atMs: number }>
}

/** @param onRow receives each row that is put, and the row that was stored before. */
export function newStores(
  world: World,
  onChange: (before: StoredClosed | null, after: StoredClosed) => void,
  onRow: (before: ResultRow | undefined, after: ResultRow) => void,
): Stores {
  const latest = new Map<string, Progress>()
  const sessions = expiring(memorySessionStore(onChange), world.time.nowMs)
  const { results, indexedRows } = withTrailingIndex(world, memoryResultStore(), onRow)
  return {
    sessions,
    tables: simulatedTables(sessions, results),
    timers: memoryTimerStore(),
    results,
    dirtyHours: memoryDirtyHours(),
    rollups: memoryRollupStore(indexedRows, caching(sha256)),
    deadLetters: memoryDeadLetters(),
    progress: {
      record: async (shardId, sequenceNumber, arrivalMs) => {
        const before = latest.get(shardId)
        if (before !== undefined && Number(before.sequenceNumber) >= Number(sequenceNumber)) return
        latest.set(shardId, { sequenceNumber, arrivalMs, emptyUntilMs: null })
      },
      isPassed: async (shardId, sequenceNumber) =>
        Number(latest.get(shardId)?.sequenceNumber ?? 0) >= Number(sequenceNumber),
      load: (shardId) => latest.get(shardId) ?? null,
      loadProgress: async (shardId) => latest.get(shardId) ?? null,
      recordEmpty: async (shardId, progress, emptyUntilMs) => {
        const before = latest.get(shardId)
        if (before?.sequenceNumber !== progress?.sequenceNumber || (before?.emptyUntilMs ?? 0) >= emptyUntilMs) return
        latest.set(shardId, { sequenceNumber: '0', arrivalMs: 0, ...before, emptyUntilMs })
      },
    },
  }
}

const INDEX_LAG_MS_MAX = 5 * MINUTE_MS

/**
 * Returns the store, and its rows as the hour index shows them. DynamoDB updates an index after its
 * table, so the index may show the rows of some minutes ago.
 */
function withTrailingIndex(
  world: World,
  store: MemoryResultStore,
  onRow: (before: ResultRow | undefined, after: ResultRow) => void,
) {
  const changes: { readonly atMs: number; readonly key: string; readonly row: ResultRow | undefined }[] = []
  const recorded = async (row: RemovableRow, change: Promise<void>): Promise<void> => {
    await change
    const key = JSON.stringify([row.pk, row.sk])
    changes.push({ atMs: world.time.nowMs(), key, row: store.rows.get(key) })
  }
  const results: MemoryResultStore = {
    ...store,
    put: async (row, expiresAtMs) => {
      const key = JSON.stringify([row.pk, row.sk])
      const before = store.rows.get(key)
      await recorded(row, store.put(row, expiresAtMs))
      onRow(before, store.rows.get(key) ?? row)
    },
    remove: (row, expiresAtMs) => recorded(row, store.remove(row, expiresAtMs)),
  }
  const indexedRows = (hour: string): Iterable<ResultRow> => {
    if (!world.faults.strikes('laggingIndex')) return store.rowsInHour(hour)
    const indexedUntilMs = world.time.nowMs() - world.random.between(1, INDEX_LAG_MS_MAX)
    const indexed = new Map(store.rows)
    const firstMissing = changes.findLastIndex(({ atMs }) => atMs <= indexedUntilMs) + 1
    for (const { key } of changes.slice(firstMissing)) {
      const before = changes.findLast((change) => change.key === key && change.atMs <= indexedUntilMs)
      if (before?.row === undefined) indexed.delete(key)
      else indexed.set(key, before.row)
    }
    return [...indexed.values()].filter((row) => hourOf(row) === hour)
  }
  return { results, indexedRows }
}

/** @param id the id of a closed session; without it, the key is that of the user's state. */
export function expiryKey(user: string, id?: string): string {
  return id === undefined ? user : `${user} ${id}`
}

/** Records when each item expires, and the state before the latest. */
function expiring(store: MemorySessionStore, nowMs: () => number): MemorySessionStore & Expiring {
  const expiresAtMs = new Map<string, number>()
  const replaced = new Map<string, { state: UserState | undefined; atMs: number }>()
  return {
    ...store,
    replaced,
    expiresAtMs,
    saveUser: async (user, state, baseVersion, expiresMs) => {
      const before = store.states.get(user)
      await store.saveUser(user, state, baseVersion, expiresMs)
      if (before?.version !== state.version) replaced.set(user, { state: before, atMs: nowMs() })
      const idleExpiresMs = Math.max(expiresMs, state.forgotten?.untilMs ?? 0)
      expiresAtMs.set(expiryKey(user), state.open.length === 0 ? idleExpiresMs : Number.POSITIVE_INFINITY)
    },
    putClosed: async (closed, expiresMs) => {
      await store.putClosed(closed, expiresMs)
      expiresAtMs.set(expiryKey(closed.user, closed.session.ids[0]), expiresMs)
    },
    putTombstone: async (user, id, version, expiresMs) => {
      await store.putTombstone(user, id, version, expiresMs)
      expiresAtMs.set(expiryKey(user, id), expiresMs)
    },
  }
}

/** Digests each text once, because a run digests the same few hundred texts over and over. */
function caching(digest: Digest): Digest {
  const digests = new Map<string, string>()
  return (text) => {
    const known = digests.get(text) ?? digest(text)
    digests.set(text, known)
    return known
  }
}
