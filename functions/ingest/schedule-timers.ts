// Schedules the timers that the first writes of a batch need, all with one request.

import { MINUTE_MS } from '../domain/durations.ts'
import { timerFor } from '../domain/sessions/timers.ts'
import type { UserState } from '../domain/sessions/user-state.ts'
import type { Timer, TimerStore } from '../ports.ts'
import type { UserShare } from './user-share.ts'

/** The longest that Lambda lets an invocation run. */
const INVOCATION_MS_MAX = 15 * MINUTE_MS

/** Timers that are put together share items, so each costs a small part of a write. */
export async function scheduleTimers(
  shares: readonly { readonly share: UserShare; readonly timerMs: number | null }[],
  timers: Pick<TimerStore, 'put'>,
): Promise<void> {
  const needed = shares.flatMap(({ share, timerMs }): Timer[] =>
    timerMs === null ? [] : [{ user: share.writes.user, atMs: timerMs }],
  )
  if (needed.length > 0) await timers.put(needed)
}

/**
 * Returns when a timer must fire for `after` to replace `before`; null when an earlier timer
 * suffices.
 */
export function timerOfWrite(before: UserState, after: UserState, share: UserShare): number | null {
  return timerFor(before, after, share.lastArrivalMs, share.notBeforeMs, share.writes.rules)
}

/**
 * Returns the earliest moment at which timers of the batch may fire. The horizon passes a new
 * record only after ingest has applied it, so new records need no bound. The horizon may be past a
 * redelivered record already. Timers for such records wait until no invocation that runs now can
 * still write.
 *
 * @param isPassed whether the horizon may be past the batch's records.
 */
export function notBefore(isPassed: boolean, nowMs: number): number {
  return isPassed ? nowMs + INVOCATION_MS_MAX : 0
}
