// Sweep: a schedule's tick in, the sessions that are due closed; with `drain`, all of them.

import pMap from 'p-map'
import { closeSessions } from '../close-sessions.ts'
import { keepStateUntil, toClose } from '../domain/closing.ts'
import type { Rules } from '../domain/rules.ts'
import { nextDueAt, sessionBytes, type UserState } from '../domain/user-state.ts'
import { loadUser, onLatestState } from '../on-latest-state.ts'
import { type Horizon, type SessionStore, StoreConflict } from '../ports.ts'

export interface SweepPorts {
  readonly sessions: SessionStore
  readonly horizon: Horizon
  /** False when the time for this sweep is up: what is left is for the next one. */
  readonly hasTime: () => boolean
}

export interface SweepSettings {
  readonly rules: Rules
  readonly sweepEveryMs: number
  readonly dueShards: number
}

export interface SweepReport {
  /** The arrival time up to which every shard is applied: what this sweep took for the present. */
  readonly horizonMs: number
  readonly users: number
  readonly closed: number
  /** Users whose alarm was moved because their session lives on. */
  readonly moved: number
  /** Users left for the next sweep: another writer was first, again and again. */
  readonly conflicts: number
  /** True when the sweep stopped before it had seen every due user. */
  readonly isUnfinished: boolean
}

const USERS_AT_ONCE = 16

/** Closes what is due at the horizon, which trails `nowMs` while a shard does. A drain takes everything, due or not. */
export async function sweep(
  request: { readonly drain: boolean },
  ports: SweepPorts,
  settings: SweepSettings,
  nowMs: number,
): Promise<SweepReport> {
  const horizonMs = request.drain ? nowMs : await ports.horizon.readUpTo(nowMs)
  const shards = Array.from({ length: settings.dueShards }, (_, shard) => shard)
  const tally = { users: 0, closed: 0, moved: 0, conflicts: 0 }
  const finished = await pMap(
    shards,
    (shard) => sweepShard(shard, { ...request, horizonMs, nowMs }, ports, settings, tally),
    { concurrency: 4 },
  )
  return { horizonMs, ...tally, isUnfinished: finished.includes(false) }
}

interface Sweeping {
  readonly drain: boolean
  readonly horizonMs: number
  readonly nowMs: number
}

type Tally = { -readonly [count in 'users' | 'closed' | 'moved' | 'conflicts']: number }

/** True when every due user of the shard was seen. */
async function sweepShard(
  shard: number,
  sweeping: Sweeping,
  ports: SweepPorts,
  settings: SweepSettings,
  tally: Tally,
): Promise<boolean> {
  const atMs = sweeping.drain ? Number.MAX_SAFE_INTEGER : sweeping.horizonMs
  for await (const users of ports.sessions.dueUsers(shard, atMs)) {
    if (!ports.hasTime()) return false
    await pMap(users, (user) => sweepUser(user, sweeping, ports, settings, tally), { concurrency: USERS_AT_ONCE })
  }
  return ports.hasTime()
}

async function sweepUser(
  user: string,
  sweeping: Sweeping,
  ports: SweepPorts,
  settings: SweepSettings,
  tally: Tally,
): Promise<void> {
  if (!ports.hasTime()) return
  const { rules } = settings
  const expiresAtMs = keepStateUntil(sweeping.nowMs, rules)
  tally.users++
  try {
    const loaded = await loadUser(user, ports.sessions)
    await onLatestState(user, loaded, ports.sessions, expiresAtMs, async (state) => {
      const closings = toClose(state, sweeping.horizonMs, rules, sweeping.drain ? 'all' : 'due')
      if (closings.length > 0) {
        await closeSessions(user, state, closings, ports.sessions, rules, sweeping.nowMs)
        tally.closed += closings.length
        return
      }
      const armedAtMs = nextDueAt(state, rules)
      if (armedAtMs === null || !isWorthMoving(state, armedAtMs - sweeping.horizonMs, settings)) return
      await ports.sessions.saveUser(
        user,
        { ...state, armedAtMs, version: state.version + 1 },
        state.version,
        expiresAtMs,
      )
      tally.moved++
    })
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error
    tally.conflicts++
  }
}

/**
 * Whether to move the alarm of a session that lives on, or to look again at every sweep until it is due. Moving writes
 * the item and two index entries; looking reads the item; a write costs five reads.
 */
function isWorthMoving(state: UserState, waitMs: number, settings: SweepSettings): boolean {
  const bytes = state.open.reduce((sum, session) => sum + sessionBytes(session), 0)
  const storedBytes = bytes / 2
  const writes = Math.ceil(storedBytes / 1024) + 2
  const reads = Math.ceil(storedBytes / 4096) * (waitMs / settings.sweepEveryMs)
  return reads > 5 * writes
}
