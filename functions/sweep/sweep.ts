// Sweep: a schedule's tick in, the sessions that are due closed; with `drain`, all of them.

import pMap from 'p-map'
import type { Rules } from '../domain/rules.ts'
import { type AlarmPage, type EarlyAlarms, type Horizon, type SessionStore, StoreConflict } from '../ports.ts'
import { type Sweeping, sweepUser, type Tally } from './sweep-user.ts'

export interface SweepPorts {
  readonly sessions: SessionStore
  readonly alarms: Pick<EarlyAlarms, 'due' | 'remove'>
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
/** Shards at once, and pages of early alarms. */
const CONCURRENCY = { concurrency: 4 }

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
  const sweeping: Sweeping = { ...request, horizonMs, nowMs }
  const sweepOne = userSweep(sweeping, ports, settings, tally, failures)
  const finished = await pMap(shards, (shard) => sweepIndex(shard, sweeping, ports, sweepOne, failures), CONCURRENCY)
  // A drain finds everybody in the index, and leaves early alarms to when they are due.
  if (!request.drain) finished.push(await sweepEarly(horizonMs, ports, sweepOne, failures))
  const usersOpen = await countHourly(shards, ports, settings, nowMs, failures)
  const failed = failures.length === 0 ? null : { count: failures.length, cause: failures[0] }
  return { horizonMs, lagMs: nowMs - horizonMs, ...tally, usersOpen, isUnfinished: finished.includes(false), failed }
}

const HOUR_MS = 60 * 60 * 1000

/** Hourly, since it reads the whole index: 6,010 units of a million users, which is less than 0.1 cents a count. */
async function countHourly(
  shards: readonly number[],
  { sessions, hasTime }: SweepPorts,
  { sweepEveryMs }: SweepSettings,
  nowMs: number,
  failures: unknown[],
): Promise<number | null> {
  if (nowMs % HOUR_MS >= sweepEveryMs || !hasTime()) return null
  try {
    const counts = await pMap(shards, (shard) => sessions.countOpenUsers(shard), CONCURRENCY)
    return counts.reduce((sum, count) => sum + count, 0)
  } catch (error) {
    failures.push(error)
    return null
  }
}

/** Sweeps a user, once however often it is asked to; false when the user was left for another time. */
type SweepOne = (user: string) => Promise<boolean>

function userSweep(
  sweeping: Sweeping,
  ports: SweepPorts,
  settings: SweepSettings,
  tally: Tally,
  failures: unknown[],
): SweepOne {
  // As many as one sweep has time for.
  const sweeps = new Map<string, Promise<boolean>>()
  const sweepNow = async (user: string): Promise<boolean> => {
    if (!ports.hasTime()) return false
    tally.users++
    try {
      await sweepUser(user, sweeping, ports, settings, tally)
      return true
    } catch (error) {
      if (error instanceof StoreConflict) tally.conflicts++
      else failures.push(error)
      return false
    }
  }
  return (user) => {
    const swept = sweeps.get(user) ?? sweepNow(user)
    sweeps.set(user, swept)
    return swept
  }
}

/** True when every user of the index shard whose alarm has passed was seen. */
async function sweepIndex(
  shard: number,
  { drain, horizonMs }: Sweeping,
  { sessions, hasTime }: SweepPorts,
  sweepOne: SweepOne,
  failures: unknown[],
): Promise<boolean> {
  try {
    for await (const users of sessions.dueUsers(shard, drain ? Number.MAX_SAFE_INTEGER : horizonMs)) {
      if (!hasTime()) return false
      await pMap(users, sweepOne, { concurrency: USERS_AT_ONCE })
    }
  } catch (error) {
    failures.push(error)
  }
  return hasTime()
}

/** True when every user with an early alarm that has passed was seen. A page goes when all of its users have been. */
async function sweepEarly(
  horizonMs: number,
  { alarms, hasTime }: SweepPorts,
  sweepOne: SweepOne,
  failures: unknown[],
): Promise<boolean> {
  const sweepPage = async (page: AlarmPage): Promise<void> => {
    const due = page.alarms.filter(({ atMs }) => atMs <= horizonMs)
    const swept = await pMap(due, ({ user }) => sweepOne(user), { concurrency: USERS_AT_ONCE })
    if (due.length === page.alarms.length && !swept.includes(false)) await alarms.remove(page.id)
  }
  try {
    for await (const pages of alarms.due(horizonMs)) {
      if (!hasTime()) return false
      await pMap(pages, sweepPage, CONCURRENCY)
    }
  } catch (error) {
    failures.push(error)
  }
  return hasTime()
}
