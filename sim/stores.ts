// The stores of one run: kept in memory, reached by an invocation with all that may befall its calls, and watched.

import { sha256 } from '../functions/aws/digest.ts'
import type { Digest } from '../functions/domain/event.ts'
import type { ResultRow } from '../functions/domain/result.ts'
import type { UserState } from '../functions/domain/user-state.ts'
import type { AlarmPage, ClosedVersion, EarlyAlarms, SessionStore, ShardProgress } from '../functions/ports.ts'
import { memoryRollupStore, memoryTouches } from '../local/memory-rollups.ts'
import {
  type MemorySessionStore,
  memoryDeadLetters,
  memoryEarlyAlarms,
  memoryResultStore,
  memorySessionStore,
  type StoredClosed,
} from '../local/memory-stores.ts'
import type { Invocation, World } from './world.ts'

/** As `loadProgress` of the adapters gives it. */
export interface Progress {
  readonly sequenceNumber: string
  readonly arrivalMs: number
}

export interface Stores {
  readonly sessions: MemorySessionStore & Expiring
  readonly alarms: ReturnType<typeof memoryEarlyAlarms>
  readonly results: ReturnType<typeof memoryResultStore>
  readonly touches: ReturnType<typeof memoryTouches>
  readonly rollups: ReturnType<typeof memoryRollupStore>
  readonly deadLetters: ReturnType<typeof memoryDeadLetters>
  readonly progress: ShardProgress & { load(shardId: string): Progress | null }
}

interface Expiring {
  /** When the item is deleted, by `user` or `user id`; infinity while something is open. */
  readonly expiresAtMs: ReadonlyMap<string, number>
  /** Users and their states as they were then, by user. */
  statesAsOf(thenMs: number): Map<string, UserState>
}

export function newStores(world: World, onChange: (before: StoredClosed | null, after: StoredClosed) => void): Stores {
  const latest = new Map<string, Progress>()
  const { results, rowsSeen } = trailedByIndex(world, memoryResultStore())
  return {
    sessions: expiring(world, memorySessionStore(onChange)),
    alarms: memoryEarlyAlarms(),
    results,
    touches: memoryTouches(),
    rollups: memoryRollupStore(rowsSeen, remembered(sha256)),
    deadLetters: memoryDeadLetters(),
    progress: {
      record: async (shardId, sequenceNumber, arrivalMs) => {
        const before = latest.get(shardId)
        if (before !== undefined && Number(before.sequenceNumber) >= Number(sequenceNumber)) return
        latest.set(shardId, { sequenceNumber, arrivalMs })
      },
      load: (shardId) => latest.get(shardId) ?? null,
    },
  }
}

const INDEX_LAG_MS_MAX = 5 * 60_000

/** The store, and its rows as the index shows them, which may be some time behind. */
function trailedByIndex(world: World, store: ReturnType<typeof memoryResultStore>) {
  const changes: { readonly atMs: number; readonly key: string; readonly row: ResultRow | undefined }[] = []
  const noted = async (row: ResultRow, change: Promise<void>): Promise<void> => {
    await change
    const key = JSON.stringify([row.pk, row.sk])
    changes.push({ atMs: world.time.nowMs(), key, row: store.rows.get(key) })
  }
  const results: typeof store = {
    ...store,
    put: (row, expiresAtMs) => noted(row, store.put(row, expiresAtMs)),
    remove: (row, olderThan) => noted(row, store.remove(row, olderThan)),
  }
  const rowsSeen = (): Iterable<ResultRow> => {
    if (!world.faults.strikes('laggingIndex')) return store.rows.values()
    const seenUntilMs = world.time.nowMs() - world.chance.between(1, INDEX_LAG_MS_MAX)
    const seen = new Map(store.rows)
    const firstUnseen = changes.findLastIndex(({ atMs }) => atMs <= seenUntilMs) + 1
    for (const { key } of changes.slice(firstUnseen)) {
      const before = changes.findLast((change) => change.key === key && change.atMs <= seenUntilMs)
      if (before?.row === undefined) seen.delete(key)
      else seen.set(key, before.row)
    }
    return seen.values()
  }
  return { results, rowsSeen }
}

export function expiryKey(user: string, id?: string): string {
  return id === undefined ? user : `${user} ${id}`
}

/** Remembers until when each item is kept, and how the due index was before. */
function expiring(world: World, store: MemorySessionStore): MemorySessionStore & Expiring {
  const expiresAtMs = new Map<string, number>()
  const saved: { sinceMs: number; user: string; state: UserState }[] = []
  return {
    ...store,
    expiresAtMs,
    saveUser: async (user, state, baseVersion, expiresMs) => {
      await store.saveUser(user, state, baseVersion, expiresMs)
      const keptMs = Math.max(expiresMs, state.forgotten?.untilMs ?? 0)
      expiresAtMs.set(expiryKey(user), state.armedAtMs === null ? keptMs : Number.POSITIVE_INFINITY)
      saved.push({ sinceMs: world.time.nowMs(), user, state })
    },
    putClosed: async (closed, expiresMs) => {
      await store.putClosed(closed, expiresMs)
      expiresAtMs.set(expiryKey(closed.user, closed.session.ids[0]), expiresMs)
    },
    putAbsorbed: async (user, id, version, expiresMs) => {
      await store.putAbsorbed(user, id, version, expiresMs)
      expiresAtMs.set(expiryKey(user, id), expiresMs)
    },
    statesAsOf: (thenMs) => {
      const then = new Map<string, UserState>()
      for (const { sinceMs, user, state } of saved) if (sinceMs <= thenMs) then.set(user, state)
      return then
    },
  }
}

const STALE_MS_MAX = 15 * 60_000

/** A moment that an index entry may still show. */
export function longAgoMs({ time, chance }: World): number {
  return time.nowMs() - chance.between(1000, STALE_MS_MAX)
}

/** The session store as an invocation reaches it. */
export function reachedSessions(stores: Stores, invocation: Invocation, world: World): SessionStore {
  const { sessions } = stores
  const { call } = invocation
  return {
    loadUsers: (users) => call(`loads ${users.length} users`, null, () => sessions.loadUsers(users)),
    loadClosed: (user, range) => call('loads closed sessions', user, () => sessions.loadClosed(user, range)),
    saveUser: (user, state, baseVersion, expiresAtMs) => {
      const open = state.open.map(({ events }) => events.length).join('+') || 'none'
      const what = `saves version ${state.version} with open events ${open}`
      return call(what, user, () => sessions.saveUser(user, state, baseVersion, expiresAtMs))
    },
    putClosed: (closed, expiresAtMs) => {
      const what = `closes ${closed.session.ids.join(' and ')} of ${closed.session.events.length}: ${closed.reason}`
      return call(what, closed.user, () => sessions.putClosed(closed, expiresAtMs))
    },
    putAbsorbed: (user, id, version, expiresAtMs) =>
      call(`marks ${id} absorbed`, user, () => sessions.putAbsorbed(user, id, version, expiresAtMs)),
    closedVersion: (user, id) => call('asks for a version', user, () => sessions.closedVersion(user, id)),
    closedVersions: async function* (user) {
      yield await call('looks for all versions', user, async () => {
        const pages: ClosedVersion[][] = []
        for await (const page of sessions.closedVersions(user)) pages.push([...page])
        return pages.flat()
      })
    },
    dueUsers: async function* (shard, atMs) {
      yield await call('looks for due users', null, async () => {
        if (shard !== 0) return []
        const isStale = world.faults.strikes('staleIndex')
        const states = isStale ? sessions.statesAsOf(longAgoMs(world)) : sessions.states
        return [...states]
          .filter(([, state]) => state.armedAtMs !== null && state.armedAtMs <= atMs)
          .map(([user]) => user)
      })
    },
    eraseBlocks: (user, version) => call('erases blocks', user, () => sessions.eraseBlocks(user, version)),
    countOpenUsers: (shard) => call('counts who is open', null, () => sessions.countOpenUsers(shard)),
  }
}

/** The early alarms as an invocation reaches them. */
export function reachedAlarms({ alarms }: Stores, { call }: Invocation): EarlyAlarms {
  return {
    put: (early) => {
      const users = early.map(({ user }) => user).join(', ')
      return call(`sets early alarms for ${users}`, null, () => alarms.put(early))
    },
    due: async function* (atMs) {
      yield await call('looks for early alarms', null, async () => {
        const pages: AlarmPage[] = []
        for await (const page of alarms.due(atMs)) pages.push(...page)
        return pages
      })
    },
    remove: (id) => call('is done with early alarms', null, () => alarms.remove(id)),
    erase: (user) => call('erases early alarms', user, () => alarms.erase(user)),
  }
}

/** Of each text once: the same few hundred are asked for again and again. */
function remembered(digest: Digest): Digest {
  const digests = new Map<string, string>()
  return (text) => {
    const known = digests.get(text) ?? digest(text)
    digests.set(text, known)
    return known
  }
}
