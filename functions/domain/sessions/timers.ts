// Decides when a user's next timer must fire, so that the sweeper closes the user's sessions (C3).

import { dueAt } from './clock.ts'
import type { Rules } from './rules.ts'
import type { UserState } from './user-state.ts'

/** When the first open session is due if no event arrives before; null when no session is open. */
export function nextDueAt(state: UserState, rules: Rules): number | null {
  const { skewMs } = state
  if (skewMs === null || state.open.length === 0) return null
  return Math.min(...state.open.map((session) => dueAt(session, skewMs, rules)))
}

/**
 * The timer to schedule before `after` is written over `before`; null where an earlier write
 * scheduled one that fires early enough.
 *
 * Every stored state with an open session thus has a timer. It fires when the first session is due
 * or, if that is later, once ingest has applied the events. The write that opens the first session
 * schedules it. A later write may make sessions due later, and the timer then fires too early. That
 * costs one read, and the sweeper reschedules it. A timer whose state was never written costs one
 * read, too.
 *
 * A timer never fires before `after` is written: the sweeper would find `before`, close nothing and
 * remove the timer. The sweeper fires a timer once the horizon has passed it. The horizon passes
 * `arrivedMs` only when ingest has applied the batch, so a timer later than `arrivedMs` is safe.
 *
 * A timer that should have fired by `arrivedMs` does not count as early enough. It may be lost, and
 * then the session would stay open for ever.
 *
 * @param arrivedMs when the latest of the applied events arrived.
 * @param notBeforeMs a later bound for events that the horizon has passed already, in a batch that
 *   is redelivered or redriven: no invocation that runs now writes after it. Otherwise 0.
 */
export function timerFor(
  before: UserState,
  after: UserState,
  arrivedMs: number,
  notBeforeMs: number,
  rules: Rules,
): number | null {
  const nextMs = nextDueAt(after, rules)
  if (nextMs === null) return null
  const scheduledMs = nextDueAt(before, rules)
  const isEarlyEnough = scheduledMs !== null && arrivedMs < scheduledMs && scheduledMs <= nextMs
  return isEarlyEnough ? null : Math.max(nextMs, arrivedMs + 1, notBeforeMs)
}
