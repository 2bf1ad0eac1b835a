// Stores sessions, timers, results and dead letters in memory, for local runs,
// tests and simulations.

import { isNamed } from '../domain/events/named-users.ts'
import { isNonEmpty, type NonEmpty } from '../domain/non-empty.ts'
import { type ResultRow, rowPartition } from '../domain/results/result.ts'
import { hourOf } from '../domain/results/rollup.ts'
import { neighbours } from '../domain/sessions/neighbours.ts'
import { sessionId } from '../domain/sessions/session.ts'
import { compactTime } from '../domain/sessions/session-id.ts'
import { NEW_USER, type UserState } from '../domain/sessions/user-state.ts'
import { ALL_WORK, isInShare } from '../domain/work-share.ts'
import {
  type DeadLetter,
  type DeadLetterStore,
  type DeadLetters,
  type SessionStore,
  type Timer,
  type TimerStore,
  VersionConflictError,
} from '../ports.ts'
import type { RemovableRow, ResultStore } from '../result-ports.ts'
import { closedByUser, type StoredClosed } from './closed-by-user.ts'
import { groupedMap } from './grouped-map.ts'

export interface MemorySessionStore extends SessionStore {
  readonly states: ReadonlyMap<string, UserState>
  /** By the JSON text of `[user, session id]`. */
  readonly closed: ReadonlyMap<string, StoredClosed>
  /**
   * Deletes an item as a table does once it has expired: a closed session, or the user's state if
   * `id` is null.
   */
  expire(user: string, id: string | null): void
}

/**
 * @param onClosedChange receives each change of a closed session, as the table's stream reports it.
 */
export function memorySessionStore(
  onClosedChange: (before: StoredClosed | null, after: StoredClosed) => void = () => {},
): MemorySessionStore {
  const states = new Map<string, UserState>()
  const closed = closedByUser()

  function putNewer(next: StoredClosed): void {
    const before = closed.get(next.user, next.id) ?? null
    if (before !== null && before.version > next.version) throw new VersionConflictError(next.user, before.version)
    if (before !== null && before.version === next.version) return
    closed.set(next)
    onClosedChange(before, next)
  }

  return {
    states,
    closed: closed.all,
    expire: (user, id) => {
      if (id === null) states.delete(user)
      else closed.delete(user, id)
    },
    loadUsers: async (users) => new Map(users.flatMap((user) => pair(user, states.get(user)))),
    loadClosed: (user, range) => {
      const to = compactTime(range.toMs)
      return neighbours(range, closed.upTo(user, to), closed.after(user, to))
    },
    saveUser: async (user, state, baseVersion) => {
      const stored = states.get(user) ?? NEW_USER
      if (stored.version === baseVersion) states.set(user, state)
      else if (JSON.stringify(stored) !== JSON.stringify(state)) throw new VersionConflictError(user, stored.version)
    },
    putClosed: async ({ user, session, reason, version }, expiresAtMs) => {
      const id = sessionId(session)
      const closed = { user, session: { ...session, ids: [id] as const }, reason, version }
      putNewer({ user, id, version, closed, expiresAtMs })
    },
    putTombstone: async (user, id, version, expiresAtMs) => putNewer({ user, id, version, closed: null, expiresAtMs }),
    closedVersions: async function* (user) {
      yield closed
        .of(user)
        .map((entry) => ({ id: entry.id, version: entry.version, isTombstone: entry.closed === null }))
    },
    closedVersion: async (user, id, nowMs) => {
      const stored = closed.get(user, id)
      return stored === undefined || stored.expiresAtMs < nowMs ? null : stored.version
    },
    // The map holds every state whole, so there are no blocks.
    eraseBlocks: async () => {},
  }
}

function pair<T>(key: string, value: T | undefined): [string, T][] {
  return value === undefined ? [] : [[key, value]]
}

async function* eachOf<T>(values: readonly T[]): AsyncIterable<T> {
  yield* values
}

export interface MemoryTimerStore extends TimerStore {
  /** By id. */
  readonly pages: ReadonlyMap<string, NonEmpty<Timer>>
}

/** Timers that are put together make one page. */
export function memoryTimerStore(): MemoryTimerStore {
  const pages = new Map<string, NonEmpty<Timer>>()
  let puts = 0
  return {
    pages,
    put: async (timers) => {
      const sorted = [...timers].sort((a, b) => a.atMs - b.atMs)
      if (isNonEmpty(sorted)) pages.set(`${sorted[0].atMs} ${puts++}`, sorted)
    },
    lists: ({ fromMs, toMs, share = ALL_WORK }) => {
      const found = [...pages].map(([id, timers]) => {
        const [startMs, put] = id.split(' ').map(Number) as [number, number]
        return { id, startMs, put, timers }
      })
      const within = found.filter(({ startMs, put }) => startMs >= fromMs && startMs <= toMs && isInShare(put, share))
      return within.length === 0 ? [] : [eachOf([within.sort((a, b) => a.startMs - b.startMs)])]
    },
    remove: async (id) => {
      pages.delete(id)
    },
  }
}

export interface MemoryResultStore extends ResultStore {
  /** By the JSON text of `[pk, sk]`. */
  readonly rows: ReadonlyMap<string, ResultRow>
  /** The versions of the row tombstones, by the same keys. */
  readonly tombstones: ReadonlyMap<string, number>
  /** Returns the rows that count in the hour. */
  rowsInHour(hour: string): Iterable<ResultRow>
  /** Deletes the row tombstone of the key, as a table does once it has expired. */
  expireTombstone(key: string): void
}

export function memoryResultStore(): MemoryResultStore {
  const rows = groupedMap<ResultRow, 'partition' | 'hour'>({ partition: ({ pk }) => pk, hour: hourOf })
  const tombstones = new Map<string, number>()
  const rowKey = (row: RemovableRow): string => JSON.stringify([row.pk, row.sk])
  const storedVersion = (key: string): number =>
    rows.all.get(key)?.version ?? tombstones.get(key) ?? Number.NEGATIVE_INFINITY
  return {
    rows: rows.all,
    tombstones,
    rowsInHour: (hour) => rows.group('hour', hour),
    expireTombstone: (key) => {
      tombstones.delete(key)
    },
    put: async (row) => {
      const key = rowKey(row)
      if (storedVersion(key) >= row.version) return
      tombstones.delete(key)
      rows.set(key, row)
    },
    remove: async (row) => {
      const key = rowKey(row)
      if (storedVersion(key) > row.version) return
      rows.delete(key)
      tombstones.set(key, row.version)
    },
    rowsOf: async function* (user) {
      yield [...rows.group('partition', rowPartition(user))]
    },
  }
}

export interface MemoryDeadLetters extends DeadLetters, DeadLetterStore {
  readonly stored: readonly DeadLetter[]
}

/**
 * Stores one dead letter for each record or event, because a redelivered batch replaces its object
 * in the bucket.
 */
export function memoryDeadLetters(): MemoryDeadLetters {
  const stored: DeadLetter[] = []
  const keys = new Set<string>()
  const keyOf = ({ shardId, sequenceNumber, subSequence }: DeadLetter): string =>
    JSON.stringify([shardId, sequenceNumber, subSequence])
  return {
    stored,
    put: async (deadLetters) => {
      for (const deadLetter of deadLetters) {
        if (keys.has(keyOf(deadLetter))) continue
        keys.add(keyOf(deadLetter))
        stored.push(deadLetter)
      }
    },
    erase: async (user, storedAs, atMs) => {
      const isOfUser = ({ data, arrivalMs }: DeadLetter): boolean => {
        const text = Buffer.from(data, 'base64').toString('utf8')
        return arrivalMs <= atMs && (isNamed(user, text) || isNamed(storedAs, text))
      }
      const others = stored.filter((deadLetter) => !isOfUser(deadLetter))
      const removed = stored.length - others.length
      for (const deadLetter of stored) if (isOfUser(deadLetter)) keys.delete(keyOf(deadLetter))
      stored.splice(0, stored.length, ...others)
      return { removed, unreadable: 0 }
    },
  }
}
