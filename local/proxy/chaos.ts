// Chaos: a rate in, what befalls the functions' calls and the functions themselves out. Random decides, so no two runs are alike.

import { setTimeout as wait } from 'node:timers/promises'
import { FunctionError, type FunctionProcess } from '../lambda/function-process.ts'

/** What befalls one call of a function to DynamoDB, Kinesis or S3. */
export type Mishap = 'throttled' | 'failed' | 'failed after it was done' | 'no answer' | 'slow'

const MISHAPS: readonly Mishap[] = ['throttled', 'failed', 'failed after it was done', 'no answer', 'slow']

export interface Mishaps {
  ofCall(): Mishap | null
  slowMs(): number
}

export const NO_MISHAPS: Mishaps = { ofCall: () => null, slowMs: () => 0 }

const SLOW_MS_MAX = 200

/** @param rate the share of calls that something befalls, 0 to 1. */
export function faultsAt(rate: number): Mishaps {
  return {
    ofCall: () => (Math.random() < rate ? (MISHAPS[Math.floor(Math.random() * MISHAPS.length)] as Mishap) : null),
    slowMs: () => Math.random() * SLOW_MS_MAX,
  }
}

/** When in an invocation something befalls it. */
const MID_INVOCATION_MS_MAX = 60

/**
 * A function of whose invocations this share is killed, or taken for timed out while it goes on beside its repetition,
 * or done twice: a third each.
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
      throw new FunctionError(kind < 2 ? 'killed by --chaos' : 'taken for timed out by --chaos')
    },
  }
}
