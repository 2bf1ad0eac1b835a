// A person who is forgotten: the moment and an arrival in, whether it is dropped out.

import type { Arrival } from '../events/event.ts'

export interface Forgotten {
  /** What happened or arrived at or before this moment is dropped, however often it comes. */
  readonly atMs: number
  /** Until when that has to be known: later, nothing from before the moment is delivered any more. */
  readonly untilMs: number
  /**
   * Ids of sessions that were open at the moment and may not have their marks yet. Until they have, somebody who holds
   * an older state could still store them as closed.
   */
  readonly pendingTombstones: readonly string[]
}

export function isForgotten({ event, arrivalMs }: Arrival, forgotten: Forgotten | null): boolean {
  return forgotten !== null && (event.timeMs <= forgotten.atMs || arrivalMs <= forgotten.atMs)
}

/** Without what is from before the user was forgotten. */
export function remembered<A extends Arrival>(
  { forgotten }: { readonly forgotten: Forgotten | null },
  arrivals: readonly A[],
): readonly A[] {
  return forgotten === null ? arrivals : arrivals.filter((arrival) => !isForgotten(arrival, forgotten))
}

/** Nobody who is forgotten twice is remembered sooner, whichever of the two is done last. */
export function forgottenLonger(before: Forgotten | null, now: Forgotten): Forgotten {
  if (before === null) return now
  return {
    atMs: Math.max(before.atMs, now.atMs),
    untilMs: Math.max(before.untilMs, now.untilMs),
    pendingTombstones: [...new Set([...before.pendingTombstones, ...now.pendingTombstones])],
  }
}
