// Negative controls: designs that cannot be right, each a change to how the steps meet the world. The simulation has to catch every one.

import { lastOf, nonEmpty } from '../functions/domain/non-empty.ts'
import type { ArrivedRecord, Horizon, SessionStore, ShardProgress, Timer, TimerStore } from '../functions/ports.ts'
import type { DirtyHours, StoredDirtyPeriod } from '../functions/result-ports.ts'

export const CONTROLS = {
  'dedupe-by-sequence': 'what is not past the highest sequence number applied of its shard is taken for applied',
  'wall-clock-sweep': 'the sweeper closes by the time of day, however far a shard lags',
  'timer-last': 'an timer is set after the state that it is for',
  'page-first': 'the sweeper removes a page of timers before those of its users are set who live on',
  'blind-append': 'ingest writes without a condition on the version',
  'forget-by-deleting': 'what there is of who is forgotten goes, and nothing remembers that it went',
  'clear-at-once': 'an hour is summed once after its rows changed, however far the index trails',
  'parallel-batch': 'the records of a batch are applied in parallel, and the progress is the furthest of them',
} as const

export type Control = keyof typeof CONTROLS

export const CONTROL_NAMES = Object.keys(CONTROLS) as Control[]

/** What is not past the shard's high-water mark was applied before, or so it is believed. */
export function beyond(batch: readonly ArrivedRecord[], sequenceNumber: string | undefined): readonly ArrivedRecord[] {
  return batch.filter((record) => Number(record.sequenceNumber) > Number(sequenceNumber ?? 0))
}

export const wallClock: Horizon = { readUpTo: async (nowMs) => nowMs }

/** Saves over whatever is stored. */
export function unconditional(sessions: SessionStore): SessionStore {
  return {
    ...sessions,
    saveUser: async (user, state, _, expiresAtMs) => {
      const stored = (await sessions.loadUsers([user])).get(user)
      const version = (stored?.version ?? 0) + 1
      await sessions.saveUser(user, { ...state, version }, version - 1, expiresAtMs)
    },
  }
}

/** TimerStore wait for the invocation's next write to be through. */
export function timerLast(sessions: SessionStore, timers: TimerStore) {
  const waiting: Timer[] = []
  const saveUser: SessionStore['saveUser'] = async (user, ...rest) => {
    await sessions.saveUser(user, ...rest)
    const ofUser = waiting.filter((timer) => timer.user === user)
    if (ofUser.length === 0) return
    waiting.splice(0, waiting.length, ...waiting.filter((timer) => timer.user !== user))
    await timers.put(ofUser)
  }
  const put: TimerStore['put'] = async (set) => {
    waiting.push(...set)
  }
  return { sessions: { ...sessions, saveUser }, timers: { ...timers, put } }
}

/** What is to be set waits until the next page is removed. */
export function pageFirst(timers: TimerStore): TimerStore {
  const waiting: Timer[] = []
  return {
    ...timers,
    put: async (set) => {
      waiting.push(...set)
    },
    remove: async (id) => {
      await timers.remove(id)
      const next = waiting.splice(0)
      if (next.length > 0) await timers.put(next)
    },
  }
}

/** Leaves a state as of a user who never was. */
export function deleting(sessions: SessionStore): SessionStore {
  return {
    ...sessions,
    saveUser: (user, state, baseVersion, expiresAtMs) =>
      sessions.saveUser(user, { ...state, forgotten: null }, baseVersion, expiresAtMs),
  }
}

/** Progress that is never held back by a record before it. */
export function furthest(progress: ShardProgress, batch: readonly ArrivedRecord[]): ShardProgress {
  const last = lastOf(nonEmpty(batch))
  return { ...progress, record: (shardId) => progress.record(shardId, last.sequenceNumber, last.arrivalMs) }
}

/** Every touch seems to have been seen long ago. */
export function clearingAtOnce(dirtyHours: DirtyHours): DirtyHours {
  const made = new Map<StoredDirtyPeriod, StoredDirtyPeriod>()
  return {
    ...dirtyHours,
    markSeen: async () => {},
    pages: async function* () {
      for await (const page of dirtyHours.pages()) {
        yield page.map((touch) => {
          const old = { ...touch, seenMs: 0 }
          made.set(old, touch)
          return old
        })
      }
    },
    clear: (touch) => dirtyHours.clear(made.get(touch) ?? touch),
  }
}
