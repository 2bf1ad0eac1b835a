// Draws whether the functions of a run write in batches, and the faults that strike write batches.

import type { Fault, Faults } from './faults.ts'
import type { Random } from './random.ts'

/** The highest rate of each fault, for each statement or each write batch. */
const RATES_MAX = {
  throttledStatement: 0.2,
  unsureStatement: 0.1,
  repeatedWriteBatch: 0.15,
  brokenWriteBatch: 0.1,
  spreadWriteBatch: 0.4,
} as const

type WriteBatchFault = keyof typeof RATES_MAX

export interface WriteBatches {
  /** The source of all draws about write batches. */
  readonly random: Random
  strikes(fault: WriteBatchFault): boolean
  /** Counts a write batch that a function sends. */
  sent(): void
}

/** Returns null where the functions of a run write singly. */
export function drawWriteBatches(random: Random, faults: Faults, without: ReadonlySet<Fault>): WriteBatches | null {
  if (without.has('batchedWrites') || !random.happens(0.6)) return null
  const rates = Object.fromEntries(
    Object.entries(RATES_MAX).map(([fault, max]) => [fault, random.happens(0.5) ? 0 : random.fraction() * max]),
  ) as Record<WriteBatchFault, number>
  return {
    random,
    strikes: (fault) => {
      if (faults.isPaused() || without.has(fault) || !random.happens(rates[fault])) return false
      faults.struck(fault)
      return true
    },
    sent: () => faults.struck('batchedWrites'),
  }
}
