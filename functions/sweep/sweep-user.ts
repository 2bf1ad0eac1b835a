// One user's share of a sweep: a user in; what is due closed, or the alarm set to when something will be.

import { closeSessions } from '../close-sessions.ts'
import { nextDueAt } from '../domain/alarm.ts'
import { totalBytes } from '../domain/amending.ts'
import { keepStateUntil, toClose } from '../domain/closing.ts'
import type { UserState } from '../domain/user-state.ts'
import { loadUser, onLatestState } from '../on-latest-state.ts'
import type { SweepPorts, SweepSettings } from './sweep.ts'

/** What all of one sweep has in common. */
export interface Sweeping {
  readonly drain: boolean
  readonly horizonMs: number
  readonly nowMs: number
}

export type Tally = { -readonly [count in 'users' | 'closed' | 'moved' | 'conflicts']: number }

export async function sweepUser(
  user: string,
  sweeping: Sweeping,
  ports: SweepPorts,
  settings: SweepSettings,
  tally: Tally,
): Promise<void> {
  const { rules } = settings
  const expiresAtMs = keepStateUntil(sweeping.nowMs, rules)
  const loaded = await loadUser(user, ports.sessions)
  await onLatestState(user, loaded, ports.sessions, expiresAtMs, async (state) => {
    const closings = toClose(state, sweeping.horizonMs, rules, sweeping.drain ? 'all' : 'due')
    if (closings.length > 0) {
      await closeSessions(user, state, closings, ports.sessions, rules, sweeping.nowMs)
      tally.closed += closings.length
      return
    }
    const armedAtMs = nextDueAt(state, rules)
    if (armedAtMs === null || !isToBeMoved(state, armedAtMs, sweeping.horizonMs, settings)) return
    const moved = { ...state, armedAtMs, version: state.version + 1 }
    await ports.sessions.saveUser(user, moved, state.version, expiresAtMs)
    tally.moved++
  })
}

/**
 * An alarm that an early one stood in for is moved, since nobody else would look in time; one that is still to come is
 * left alone.
 */
function isToBeMoved(state: UserState, dueMs: number, horizonMs: number, settings: SweepSettings): boolean {
  const armedAtMs = state.armedAtMs ?? 0
  if (armedAtMs > horizonMs) return dueMs < armedAtMs
  return isWorthMoving(state, dueMs - horizonMs, settings)
}

/**
 * Whether to move the alarm of a session that lives on, or to look again at every sweep until it is due. Moving writes
 * the item and two index entries; looking reads the item; a write costs five reads.
 */
function isWorthMoving(state: UserState, waitMs: number, settings: SweepSettings): boolean {
  const storedBytes = totalBytes(state.open) / 2
  const writes = Math.ceil(storedBytes / 1024) + 2
  const reads = Math.ceil(storedBytes / 4096) * (waitMs / settings.sweepEveryMs)
  return reads > 5 * writes
}
