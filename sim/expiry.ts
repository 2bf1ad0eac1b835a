// Lets time pass without events, and deletes most of what expires meanwhile, as DynamoDB does.

import { DAY_MS } from '../functions/domain/durations.ts'
import { expiryKey } from './stores.ts'
import type { Wiring } from './wiring.ts'

/** Items of an idle user expire within this time, the rules' own and, for states, the retention. */
const EXPIRE_WITHIN_MS = 16 * DAY_MS

/** Checks that all items of the users, who are idle now, expire in time. */
export function checkExpiry(users: readonly string[], { world, stores, watch, rules }: Wiring): void {
  const boundMs = world.time.nowMs() + rules.gapMs + rules.latenessMs + rules.amendForMs + EXPIRE_WITHIN_MS
  for (const user of users) {
    const expiresAtMs = stores.sessions.expiresAtMs.get(expiryKey(user)) ?? 0
    if (expiresAtMs > boundMs + rules.resultRetentionMs) watch.report(user, 'the state of an idle user does not expire')
  }
  for (const { user, id } of stores.sessions.closed.values()) {
    const expiresAtMs = stores.sessions.expiresAtMs.get(expiryKey(user, id))
    if (expiresAtMs === undefined || expiresAtMs > boundMs) watch.report(user, `${id} does not expire`)
  }
}

/** DynamoDB deletes some expired items days late. */
export async function passTime(untilMs: number, { world, stores }: Wiring): Promise<void> {
  await world.time.runUntil(untilMs)
  const { sessions, results } = stores
  const isGone = (key: string): boolean =>
    (sessions.expiresAtMs.get(key) ?? Number.POSITIVE_INFINITY) < untilMs && !world.faults.strikes('lateExpiry')
  for (const user of [...sessions.states.keys()]) if (isGone(expiryKey(user))) sessions.expire(user, null)
  for (const { user, id } of [...sessions.closed.values()]) if (isGone(expiryKey(user, id))) sessions.expire(user, id)
  // The time that passes is always longer than a day.
  for (const key of [...results.tombstones.keys()]) results.expireTombstone(key)
}
