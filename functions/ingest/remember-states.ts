// Keeps the states that a process has written, so that ingest begins from them and need not read
// them.

import type { Rules } from '../domain/sessions/rules.ts'
import { totalBytesAtMost } from '../domain/sessions/state-size.ts'
import { nextDueAt } from '../domain/sessions/timers.ts'
import type { UserState } from '../domain/sessions/user-state.ts'
import type { SessionStore, ShardProgress } from '../ports.ts'
import { loadReadable } from './load-readable.ts'

/**
 * Returns states to begin from. They may be older than the stored ones, and users may be missing
 * who have a state. A write under the state's version then throws VersionConflictError.
 */
export type Recall = SessionStore['loadUsers']

/** The states that one process has written last, up to a number of bytes. */
export interface StateMemory {
  recall(user: string, nowMs: number): UserState | undefined
  /** @param dueMs from then on, another process may have closed sessions of the state. */
  remember(user: string, state: UserState, dueMs: number): void
  drop(user: string): void
  dropAll(): void
  /** The last record of each shard that the process has applied, by the shard's id. */
  readonly lastApplied: Map<string, string>
}

export const MEMORY_BYTES_MAX = 32 * 1024 * 1024
/** Bytes of a state beside its open sessions and the hashes of closed ids. */
const STATE_FIXED_BYTES = 600
const HASH_BYTES = 8

interface Remembered {
  readonly state: UserState
  readonly dueMs: number
  readonly bytes: number
}

export function stateMemory(bytesMax = MEMORY_BYTES_MAX): StateMemory {
  // In the order of the last writes.
  const states = new Map<string, Remembered>()
  let bytes = 0
  const drop = (user: string): void => {
    bytes -= states.get(user)?.bytes ?? 0
    states.delete(user)
  }
  return {
    recall: (user, nowMs) => {
      const remembered = states.get(user)
      return remembered !== undefined && nowMs < remembered.dueMs ? remembered.state : undefined
    },
    remember: (user, state, dueMs) => {
      drop(user)
      const remembered = { state, dueMs, bytes: bytesOf(user, state) }
      states.set(user, remembered)
      bytes += remembered.bytes
      for (const oldest of states.keys()) {
        if (bytes <= bytesMax) break
        drop(oldest)
      }
    },
    drop,
    dropAll: () => {
      states.clear()
      bytes = 0
    },
    lastApplied: new Map(),
  }
}

function bytesOf(user: string, { open, closedIds }: UserState): number {
  const hashes = closedIds.reduce((count, closed) => count + closed.hashes.length, 0)
  return STATE_FIXED_BYTES + user.length + totalBytesAtMost(open) + hashes * HASH_BYTES
}

interface RememberingPorts {
  readonly sessions: SessionStore
  readonly progress: ShardProgress
  readonly recall: Recall
}

/**
 * Returns the ports with a memory. `recall` takes states from it, and reads only the others. The
 * memory holds what was saved, and nothing after an error. `isPassed` has to come before `recall`:
 * it empties the memory when another process has applied records of the shard since this one. The
 * saves under outdated states would cost more than reads do.
 *
 * @param recall reads the states that the memory lacks.
 */
export function rememberStates(
  { sessions, progress, recall }: RememberingPorts,
  memory: StateMemory,
  rules: Rules,
  now: () => number,
): RememberingPorts {
  return {
    sessions: {
      ...sessions,
      loadUsers: (users) => {
        for (const user of users) memory.drop(user)
        return sessions.loadUsers(users)
      },
      saveUser: async (user, state, baseVersion, expiresAtMs) => {
        memory.drop(user)
        await sessions.saveUser(user, state, baseVersion, expiresAtMs)
        const dueMs = nextDueAt(state, rules)
        if (dueMs !== null) memory.remember(user, state, dueMs)
      },
    },
    progress: {
      isPassed: async (shardId, sequenceNumber) => {
        const last = memory.lastApplied.get(shardId)
        if (last === undefined) return progress.isPassed(shardId, sequenceNumber)
        const isOvertaken = await progress.isPassed(shardId, (BigInt(last) + 1n).toString())
        // The stored progress is `last` then, so one read answers both questions.
        if (!isOvertaken) return BigInt(last) >= BigInt(sequenceNumber)
        memory.dropAll()
        return progress.isPassed(shardId, sequenceNumber)
      },
      record: async (shardId, sequenceNumber, arrivalMs) => {
        await progress.record(shardId, sequenceNumber, arrivalMs)
        // A copy that left its session is redriven under a digest.
        if (/^\d+$/.test(sequenceNumber)) memory.lastApplied.set(shardId, sequenceNumber)
      },
    },
    recall: async (users) => {
      const nowMs = now()
      const states = new Map<string, UserState>()
      const others: string[] = []
      for (const user of users) {
        const state = memory.recall(user, nowMs)
        if (state === undefined) others.push(user)
        else states.set(user, state)
      }
      if (others.length > 0)
        for (const [user, state] of await loadReadable(others, { loadUsers: recall })) states.set(user, state)
      return states
    },
  }
}
