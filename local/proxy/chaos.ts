// Injects faults at random into the functions' calls and invocations, differently in every run.

import { setTimeout as wait } from 'node:timers/promises'
import { FunctionError, type FunctionProcess } from '../lambda/function-process.ts'

/** A failure of a function's call to a service. */
export type Fault = 'throttled' | 'failed' | 'failed after it was done' | 'no answer' | 'slow'

const FAULTS: readonly Fault[] = ['throttled', 'failed', 'failed after it was done', 'no answer', 'slow']

export interface Faults {
  /** Decides for one call; null for no fault. */
  ofCall(): Fault | null
  /** How long the next slow call waits. */
  slowMs(): number
}

export const NO_FAULTS: Faults = { ofCall: () => null, slowMs: () => 0 }

const SLOW_MS_MAX = 200

/** @param rate the share of calls with a fault, 0 to 1. */
export function faultsAt(rate: number): Faults {
  return {
    ofCall: () => (Math.random() < rate ? (FAULTS[Math.floor(Math.random() * FAULTS.length)] as Fault) : null),
    slowMs: () => Math.random() * SLOW_MS_MAX,
  }
}

/** A fault interrupts an invocation within this time. */
const MID_INVOCATION_MS_MAX = 60

/**
 * Injects a fault into this share of the invocations. A third of them run twice, and a third lose
 * their process. For the last third the poller sees a timeout, but the invocation runs on beside
 * its retry.
 */
export function chaotic(invoked: FunctionProcess, rate: number): FunctionProcess {
  if (rate === 0) return invoked
  return {
    ...invoked,
    invoke: async (event) => {
      if (Math.random() >= rate) return invoked.invoke(event)
      const kind = Math.random() * 3
      const invocation = invoked.invoke(event)
      if (kind < 1) {
        const reply = await invocation
        await invoked.invoke(event)
        return reply
      }
      invocation.catch(() => {})
      await wait(Math.random() * MID_INVOCATION_MS_MAX)
      if (kind < 2) await invoked.stop()
      throw new FunctionError(kind < 2 ? 'killed by --chaos' : 'timed out by --chaos')
    },
  }
}
