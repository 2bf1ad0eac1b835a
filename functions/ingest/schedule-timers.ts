// TimerStore of a batch: each user's state and arrivals in, whom the sweeper has to look at told, and when it does out.

import type { Rules } from '../domain/sessions/rules.ts'
import { timerFor } from '../domain/sessions/timers.ts'
import { apply, NEW_USER, type UserState } from '../domain/sessions/user-state.ts'
import type { Timer, TimerStore } from '../ports.ts'
import type { ArrivedEvent } from './decode-records.ts'

/** No invocation of Lambda runs longer. */
const INVOCATION_MS_MAX = 15 * 60 * 1000

/**
 * Together, before the writes that they are for: many share an item. If the batch goes no further, they were for
 * nothing. What the writes turn out to need besides is set by each of them. By user.
 *
 * @param notBeforeMs see `notBefore`.
 */
export async function scheduleTimers(
  byUser: ReadonlyMap<string, readonly ArrivedEvent[]>,
  states: ReadonlyMap<string, UserState>,
  timers: Pick<TimerStore, 'put'>,
  rules: Rules,
  notBeforeMs: number,
): Promise<ReadonlyMap<string, number>> {
  const needed: Timer[] = []
  for (const [user, arrivals] of byUser) {
    const before = states.get(user) ?? NEW_USER
    const { state: after } = apply(before, [], arrivals, rules)
    const atMs = timerFor(before, after, lastArrivalMs(arrivals), notBeforeMs, rules)
    if (atMs !== null) needed.push({ user, atMs })
  }
  if (needed.length > 0) await timers.put(needed)
  return new Map(needed.map(({ user, atMs }) => [user, atMs]))
}

/**
 * Until when nobody may look for what a batch applies. The horizon passes what arrives only when it is applied, so there
 * is nothing to wait for but that; what it has passed already is applied when no invocation of now can still run.
 *
 * @param isPassed whether the batch is of such records.
 */
export function notBefore(isPassed: boolean, nowMs: number): number {
  return isPassed ? nowMs + INVOCATION_MS_MAX : 0
}

export function lastArrivalMs(arrivals: readonly Pick<ArrivedEvent, 'arrivalMs'>[]): number {
  return arrivals.reduce((latest, { arrivalMs }) => Math.max(latest, arrivalMs), Number.NEGATIVE_INFINITY)
}
