// Runs ingest in processes that remember states, as Lambda does.

import { type StateMemory, stateMemory } from '../functions/ingest/remember-states.ts'
import type { Fault, Faults } from './faults.ts'
import type { Random } from './random.ts'
import { CRASHED, type Outcome, TIMED_OUT } from './world.ts'

export interface IngestProcesses {
  /**
   * Runs an invocation in a free process, or starts one. Lambda ends a process whose invocation
   * crashes or times out.
   *
   * @param invocation receives the memory of the process; null where processes remember nothing.
   */
  run<T>(invocation: (memory: StateMemory | null) => Promise<Outcome<T>>): Promise<Outcome<T>>
  /** Draws whether an eventually consistent read is stale. */
  isStale(): boolean
}

const STALE_RATE = 0.3

/** Draws whether the ingest processes of a run remember states. */
export function drawIngestProcesses(
  random: Random,
  faults: Faults,
  without: ReadonlySet<Fault>,
  mustRemember: boolean,
): IngestProcesses {
  const isDrawn = random.happens(0.5) && !without.has('rememberedState')
  const remembers = isDrawn || mustRemember
  const free: StateMemory[] = []
  return {
    run: async (invocation) => {
      if (!remembers) return invocation(null)
      const memory = free.splice(random.between(0, free.length), 1)[0] ?? counting(stateMemory(), faults)
      const outcome = await invocation(memory)
      if (outcome.ok || (outcome.cause !== CRASHED && outcome.cause !== TIMED_OUT)) free.push(memory)
      return outcome
    },
    isStale: () => {
      if (faults.isPaused() || without.has('staleRead') || !random.happens(STALE_RATE)) return false
      faults.struck('staleRead')
      return true
    },
  }
}

function counting(memory: StateMemory, faults: Faults): StateMemory {
  return {
    ...memory,
    recall: (user, nowMs) => {
      const state = memory.recall(user, nowMs)
      if (state !== undefined) faults.struck('rememberedState')
      return state
    },
  }
}
