// Makes the ports of every step in memory, and collects the changes that finalize has to publish.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import type { Recall } from '../../functions/ingest/remember-states.ts'
import type { StoredClosed } from '../../functions/memory/closed-by-user.ts'
import {
  type MemoryDirtyHours,
  type MemoryRollupStore,
  memoryDirtyHours,
  memoryRollupStore,
} from '../../functions/memory/memory-rollups.ts'
import {
  type MemoryDeadLetters,
  type MemoryResultStore,
  type MemorySessionStore,
  memoryDeadLetters,
  memoryResultStore,
  memorySessionStore,
  memoryTimerStore,
} from '../../functions/memory/memory-stores.ts'
import type { ClosedChange, DeadLetters, SessionStore, ShardProgress, TimerStore } from '../../functions/ports.ts'
import type { DirtyHours, ResultStore, RollupStore } from '../../functions/result-ports.ts'

/** The stores that steps reach. A wrapper may count what passes through them. */
export interface StepPorts {
  readonly sessions: SessionStore
  /** Reads states that a batch begins from, as ingest recalls those that it does not remember. */
  readonly recall: Recall
  readonly progress: ShardProgress
  readonly timers: TimerStore
  readonly deadLetters: DeadLetters
  readonly results: ResultStore
  readonly dirtyHours: DirtyHours
  readonly rollups: RollupStore
}

export interface MemoryStores extends StepPorts {
  readonly sessions: MemorySessionStore
  readonly deadLetters: MemoryDeadLetters
  readonly results: MemoryResultStore
  readonly dirtyHours: MemoryDirtyHours
  readonly rollups: MemoryRollupStore
  /** Returns the changes since the last call, in the order in which they were stored. */
  takeChanges(): ClosedChange[]
}

export function memoryStores(): MemoryStores {
  let changes: ClosedChange[] = []
  let changesBefore = 0
  const onClosedChange = (before: StoredClosed | null, { user, id, version, closed }: StoredClosed): void => {
    const sequenceNumber = String(changesBefore + changes.length)
    changes.push({ sequenceNumber, user, id, version, after: closed, before: before?.closed ?? null })
  }
  const sessions = memorySessionStore(onClosedChange)
  const results = memoryResultStore()
  return {
    sessions,
    recall: sessions.loadUsers,
    progress: memoryProgress(),
    timers: memoryTimerStore(),
    deadLetters: memoryDeadLetters(),
    results,
    dirtyHours: memoryDirtyHours(),
    rollups: memoryRollupStore(results.rowsInHour, sha256),
    takeChanges: () => {
      const taken = changes
      changesBefore += taken.length
      changes = []
      return taken
    },
  }
}

function memoryProgress(): ShardProgress {
  const latest = new Map<string, bigint>()
  const isPassed = (shardId: string, sequenceNumber: string): boolean =>
    (latest.get(shardId) ?? -1n) >= BigInt(sequenceNumber)
  return {
    isPassed: async (shardId, sequenceNumber) => isPassed(shardId, sequenceNumber),
    record: async (shardId, sequenceNumber) => {
      if (!isPassed(shardId, sequenceNumber)) latest.set(shardId, BigInt(sequenceNumber))
    },
  }
}
