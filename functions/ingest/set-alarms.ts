// Alarms of a batch: each user's state and arrivals in, whom the sweeper has to look at told, and when it does out.

import { alarmFor } from '../domain/alarm.ts'
import type { Rules } from '../domain/rules.ts'
import { apply, NEW_USER, type UserState } from '../domain/user-state.ts'
import type { Alarm, Alarms } from '../ports.ts'
import type { ArrivedEvent } from './decode-records.ts'

/** What arrived longer ago may have been given up and be sent again, when the sweeper's horizon has long passed it. */
const AGE_MS_MAX = 10 * 60 * 1000
/** No invocation of Lambda runs longer. */
const INVOCATION_MS_MAX = 15 * 60 * 1000

/**
 * Together, before the writes that they are for: many share an item. If the batch goes no further, they were for
 * nothing. What the writes turn out to need besides is set by each of them. By user.
 */
export async function setAlarms(
  byUser: ReadonlyMap<string, readonly ArrivedEvent[]>,
  states: ReadonlyMap<string, UserState>,
  alarms: Pick<Alarms, 'put'>,
  rules: Rules,
  nowMs: number,
): Promise<ReadonlyMap<string, number>> {
  const needed: Alarm[] = []
  for (const [user, arrivals] of byUser) {
    const before = states.get(user) ?? NEW_USER
    const { state: after } = apply(before, [], arrivals, rules)
    const { arrivedMs, notBeforeMs } = lookableFrom(arrivals, nowMs)
    const atMs = alarmFor(before, after, arrivedMs, notBeforeMs, rules)
    if (atMs !== null) needed.push({ user, atMs })
  }
  if (needed.length > 0) await alarms.put(needed)
  return new Map(needed.map(({ user, atMs }) => [user, atMs]))
}

/**
 * From when on who looks finds these arrivals applied. The horizon passes what arrives only when it is applied; where
 * it may have passed already, whoever applies it now is done when no invocation of now can still run.
 */
export function lookableFrom(
  arrivals: readonly Pick<ArrivedEvent, 'arrivalMs'>[],
  nowMs: number,
): { readonly arrivedMs: number; readonly notBeforeMs: number } {
  const arrivedMs = arrivals.reduce((latest, { arrivalMs }) => Math.max(latest, arrivalMs), Number.NEGATIVE_INFINITY)
  const isOld = arrivals.some(({ arrivalMs }) => arrivalMs < nowMs - AGE_MS_MAX)
  return { arrivedMs, notBeforeMs: isOld ? nowMs + INVOCATION_MS_MAX : arrivedMs + 1 }
}
