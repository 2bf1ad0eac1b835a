// When the sweeper has to look at a user: the state before and after a write in, the timer that the write needs out.

import { dueAt } from './clock.ts'
import type { Rules } from './rules.ts'
import type { UserState } from './user-state.ts'

/** When the first of the open sessions is due if nothing else arrives; null when nothing is open. */
export function nextDueAt(state: UserState, rules: Rules): number | null {
  const { skewMs } = state
  if (skewMs === null || state.open.length === 0) return null
  return Math.min(...state.open.map((session) => dueAt(session, skewMs, rules)))
}

/**
 * The timer to set before `after` is written over `before`; null where there is one that is early enough.
 *
 * So every stored state with open sessions has an timer no later than the first of them is due: it is set with the
 * first, is early enough for whatever makes them due later, and who looks before they are due sets the next. One that is
 * too early, or for what was not written after all, costs a read. Who should have been looked at before this arrived gets
 * another, lest a session stay open for ever by whatever mistake.
 *
 * Never for a moment that may come before `after` is written: the look would find `before`, and be the last.
 *
 * @param arrivedMs when the last of what is written arrived. The horizon passes that only when it is applied,
 * @param notBeforeMs unless it had passed it before: then this is when it is sure to be.
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
  const setMs = nextDueAt(before, rules)
  const isEarlyEnough = setMs !== null && arrivedMs < setMs && setMs <= nextMs
  return isEarlyEnough ? null : Math.max(nextMs, arrivedMs + 1, notBeforeMs)
}
