// The stores of one run: kept in memory, reached by an invocation with all that may befall its calls, and watched.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import type { Digest } from '../functions/domain/events/event.ts'
import type { ResultRow } from '../functions/domain/results/result.ts'
import { memoryDirtyHours, memoryRollupStore } from '../functions/memory/memory-rollups.ts'
import {
  type MemorySessionStore,
  memoryDeadLetters,
  memoryResultStore,
  memorySessionStore,
  memoryTimerStore,
  type StoredClosed,
} from '../functions/memory/memory-stores.ts'
import type { ClosedVersion, SessionStore, ShardProgress, TimerPage, TimerStore, TimeSpan } from '../functions/ports.ts'
import type { Invocation, World } from './world.ts'

/** As `loadProgress` of the adapters gives it. */
export interface Progress {
  readonly sequenceNumber: string
  readonly arrivalMs: number
}

export interface Stores {
  readonly sessions: MemorySessionStore & Expiring
  readonly timers: ReturnType<typeof memoryTimerStore>
  readonly results: ReturnType<typeof memoryResultStore>
  readonly dirtyHours: ReturnType<typeof memoryDirtyHours>
  readonly rollups: ReturnType<typeof memoryRollupStore>
  readonly deadLetters: ReturnType<typeof memoryDeadLetters>
  readonly progress: ShardProgress & { load(shardId: string): Progress | null }
}

interface Expiring {
  /** When the item is deleted, by `user` or `user id`; infinity while something is open. */
  readonly expiresAtMs: ReadonlyMap<string, number>
}

export function newStores(world: World, onChange: (before: StoredClosed | null, after: StoredClosed) => void): Stores {
  const latest = new Map<string, Progress>()
  const { results, rowsSeen } = trailedByIndex(world, memoryResultStore())
  return {
    sessions: expiring(memorySessionStore(onChange)),
    timers: memoryTimerStore(),
    results,
    dirtyHours: memoryDirtyHours(),
    rollups: memoryRollupStore(rowsSeen, remembered(sha256)),
    deadLetters: memoryDeadLetters(),
    progress: {
      record: async (shardId, sequenceNumber, arrivalMs) => {
        const before = latest.get(shardId)
        if (before !== undefined && Number(before.sequenceNumber) >= Number(sequenceNumber)) return
        latest.set(shardId, { sequenceNumber, arrivalMs })
      },
      isPassed: async (shardId, sequenceNumber) =>
        Number(latest.get(shardId)?.sequenceNumber ?? 0) >= Number(sequenceNumber),
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
    const seenUntilMs = world.time.nowMs() - world.random.between(1, INDEX_LAG_MS_MAX)
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

/** Remembers until when each item is kept. */
function expiring(store: MemorySessionStore): MemorySessionStore & Expiring {
  const expiresAtMs = new Map<string, number>()
  return {
    ...store,
    expiresAtMs,
    saveUser: async (user, state, baseVersion, expiresMs) => {
      await store.saveUser(user, state, baseVersion, expiresMs)
      const keptMs = Math.max(expiresMs, state.forgotten?.untilMs ?? 0)
      expiresAtMs.set(expiryKey(user), state.open.length === 0 ? keptMs : Number.POSITIVE_INFINITY)
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

/** The session store as an invocation reaches it. */
export function reachedSessions(stores: Stores, invocation: Invocation): SessionStore {
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
    putTombstone: (user, id, version, expiresAtMs) =>
      call(`marks ${id} absorbed`, user, () => sessions.putTombstone(user, id, version, expiresAtMs)),
    closedVersion: (user, id) => call('asks for a version', user, () => sessions.closedVersion(user, id)),
    closedVersions: async function* (user) {
      yield await call('looks for all versions', user, async () => {
        const pages: ClosedVersion[][] = []
        for await (const page of sessions.closedVersions(user)) pages.push([...page])
        return pages.flat()
      })
    },
    eraseBlocks: (user, version) => call('erases blocks', user, () => sessions.eraseBlocks(user, version)),
  }
}

/** The timers as an invocation reaches them. */
export function reachedTimers({ timers }: Stores, { call }: Invocation): TimerStore {
  return {
    put: (set) => {
      const users = set.map(({ user }) => user).join(', ')
      return call(`sets timers for ${users}`, null, () => timers.put(set))
    },
    lists: (span) => [reachedList(span)],
    remove: (id) => call('is done with a page of timers', null, () => timers.remove(id)),
  }

  async function* reachedList(span: TimeSpan) {
    yield await call('looks for timers', null, async () => {
      const pages: TimerPage[] = []
      for (const list of timers.lists(span)) for await (const page of list) pages.push(...page)
      return pages
    })
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
