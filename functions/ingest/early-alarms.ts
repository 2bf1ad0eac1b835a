// Early alarms of a batch: each user's state and arrivals in, whom the sweeper has to see soon told, and when it looks at each out.

import { earlyAlarmAt } from '../domain/alarm.ts'
import type { Rules } from '../domain/rules.ts'
import type { UserState } from '../domain/user-state.ts'
import type { EarlyAlarm, EarlyAlarms } from '../ports.ts'
import type { ArrivedEvent } from './decode-records.ts'

/**
 * What arrived earlier may have been given up and be sent again, when the sweeper's horizon has long passed it: an alarm
 * for it could be looked at before it is applied. Where it is only late, the due index is dearer and as right.
 */
const AGE_MS_MAX = 60 * 60 * 1000

/**
 * Before the writes that they are for, which then need not move the due index: if the batch goes no further, they were
 * for nothing. By user.
 */
export async function setEarlyAlarms(
  byUser: ReadonlyMap<string, readonly ArrivedEvent[]>,
  states: ReadonlyMap<string, UserState>,
  alarms: Pick<EarlyAlarms, 'put'>,
  rules: Rules,
  nowMs: number,
): Promise<ReadonlyMap<string, number>> {
  const early: EarlyAlarm[] = []
  for (const [user, arrivals] of byUser) {
    const state = states.get(user)
    const isOld = arrivals.some(({ arrivalMs }) => arrivalMs < nowMs - AGE_MS_MAX)
    const atMs = state === undefined || isOld ? null : earlyAlarmAt(state, arrivals, rules)
    if (atMs !== null) early.push({ user, atMs })
  }
  if (early.length > 0) await alarms.put(early)
  return new Map(early.map(({ user, atMs }) => [user, atMs]))
}
