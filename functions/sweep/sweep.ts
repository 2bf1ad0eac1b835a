// Sweep: a schedule's tick in, the sessions that are due closed; with `drain`, all of them.

import pMap from 'p-map'
import { closeSessions } from '../close-sessions.ts'
import { totalBytes } from '../domain/amending.ts'
import { keepStateUntil, toClose } from '../domain/closing.ts'
import type { Rules } from '../domain/rules.ts'
import { nextDueAt, type UserState } from '../domain/user-state.ts'
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
  /** How far that trails the time of day: how late sessions close. */
  readonly lagMs: number
  readonly users: number
  readonly closed: number
  /** Users whose alarm was moved because their session lives on. */
  readonly moved: number
  /** Users left for the next sweep: another writer was first, again and again. */
  readonly conflicts: number
  /** How many users have open sessions: counted by the first sweep of an hour, else null. */
  readonly usersOpen: number | null
  /** True when the sweep stopped before it had seen every due user. */
  readonly isUnfinished: boolean
  /** How many users or index shards failed, and why the first did. The others were swept all the same. */
  readonly failed: { readonly count: number; readonly cause: unknown } | null
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
  const tally: Tally = { users: 0, closed: 0, moved: 0, conflicts: 0 }
  const failures: unknown[] = []
  const finished = await pMap(
    shards,
    (shard) => sweepShard(shard, { ...request, horizonMs, nowMs }, ports, settings, tally, failures),
    { concurrency: 4 },
  )
  const usersOpen = await countHourly(shards, ports, settings, nowMs, failures)
  const failed = failures.length === 0 ? null : { count: failures.length, cause: failures[0] }
  return { horizonMs, lagMs: nowMs - horizonMs, ...tally, usersOpen, isUnfinished: finished.includes(false), failed }
}

const HOUR_MS = 60 * 60 * 1000

/** Hourly, since it reads the whole index: a unit for some 80 users, so that a million cost 0.3 cents a count. */
async function countHourly(
  shards: readonly number[],
  { sessions, hasTime }: SweepPorts,
  { sweepEveryMs }: SweepSettings,
  nowMs: number,
  failures: unknown[],
): Promise<number | null> {
  if (nowMs % HOUR_MS >= sweepEveryMs || !hasTime()) return null
  try {
    const counts = await pMap(shards, (shard) => sessions.countOpenUsers(shard), { concurrency: 4 })
    return counts.reduce((sum, count) => sum + count, 0)
  } catch (error) {
    failures.push(error)
    return null
  }
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
  failures: unknown[],
): Promise<boolean> {
  const atMs = sweeping.drain ? Number.MAX_SAFE_INTEGER : sweeping.horizonMs
  const sweepOne = async (user: string): Promise<void> => {
    if (!ports.hasTime()) return
    tally.users++
    try {
      await sweepUser(user, sweeping, ports, settings, tally)
    } catch (error) {
      if (error instanceof StoreConflict) tally.conflicts++
      else failures.push(error)
    }
  }
  try {
    for await (const users of ports.sessions.dueUsers(shard, atMs)) {
      if (!ports.hasTime()) return false
      await pMap(users, sweepOne, { concurrency: USERS_AT_ONCE })
    }
  } catch (error) {
    failures.push(error)
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
    if (armedAtMs === null || !isWorthMoving(state, armedAtMs - sweeping.horizonMs, settings)) return
    const moved = { ...state, armedAtMs, version: state.version + 1 }
    await ports.sessions.saveUser(user, moved, state.version, expiresAtMs)
    tally.moved++
  })
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
