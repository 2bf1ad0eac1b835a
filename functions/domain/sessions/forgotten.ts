// Decides which events to drop because their user was forgotten.

import type { Arrival } from '../events/event.ts'

export interface Forgotten {
  /** Ingest drops events that happened or arrived at or before this moment, however often. */
  readonly atMs: number
  /** The moment is stored until then. Later, no source can deliver an event from before it. */
  readonly untilMs: number
  /**
   * Ids of sessions that were open at the moment and may still lack a tombstone. Until they have
   * one, a writer with an older state could store them as closed.
   */
  readonly pendingTombstones: readonly string[]
}

export function isForgotten({ event, arrivalMs }: Arrival, forgotten: Forgotten | null): boolean {
  return forgotten !== null && (event.timeMs <= forgotten.atMs || arrivalMs <= forgotten.atMs)
}

/** The arrivals without those from before the user was forgotten. */
export function withoutForgotten<A extends Arrival>(
  { forgotten }: { readonly forgotten: Forgotten | null },
  arrivals: readonly A[],
): readonly A[] {
  return forgotten === null ? arrivals : arrivals.filter((arrival) => !isForgotten(arrival, forgotten))
}

/** Merges two requests to forget a user. The later moments count, in whatever order they run. */
export function mergeForgotten(before: Forgotten | null, now: Forgotten): Forgotten {
  if (before === null) return now
  return {
    atMs: Math.max(before.atMs, now.atMs),
    untilMs: Math.max(before.untilMs, now.untilMs),
    pendingTombstones: [...new Set([...before.pendingTombstones, ...now.pendingTombstones])],
  }
}
