// Sweep: a schedule's tick in, the sessions that are due closed; with `drain`, all of them.

import pMap from 'p-map'
import { HOUR_MS } from '../domain/durations.ts'
import { userCounter } from '../domain/sessions/count-users.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import type { Horizon, SessionStore, Timer, TimerPage, TimerStore } from '../ports.ts'
import { type Look, type Looks, newLooks } from './close-due-users.ts'

export interface SweepPorts {
  readonly sessions: SessionStore
  readonly timers: Pick<TimerStore, 'lists' | 'put' | 'remove'>
  readonly horizon: Horizon
  /** False when the time for this sweep is up: what is left is for the next one. */
  readonly hasTime: () => boolean
}

export interface SweepSettings {
  readonly rules: Rules
  readonly sweepEveryMs: number
}

export interface SweepRequest {
  readonly drain: boolean
  /** Where the drain before this one stopped: `stoppedAtMs` of its report. */
  readonly fromMs?: number
}

export interface SweepReport {
  /** The arrival time up to which every shard is applied: what this sweep took for the present. */
  readonly horizonMs: number
  /** How far that trails the time of day: how late sessions close. */
  readonly lagMs: number
  /** Users who were looked at. */
  readonly users: number
  /** Users of whom a session was closed. */
  readonly usersClosed: number
  readonly closed: number
  /** Users who are to be looked at again, since a session of theirs lives on. */
  readonly again: number
  /** Users left for the next sweep: another writer was first, again and again. */
  readonly conflicts: number
  /** About how many users have an timer, as all with open sessions do: counted by the first sweep of an hour, else null. */
  readonly usersOpen: number | null
  /** True when the sweep stopped before it had seen every due user. */
  readonly isUnfinished: boolean
  /** The timer at which a drain stopped; null when it is through. */
  readonly stoppedAtMs: number | null
  /** How many users failed, or lists of timers, and why the first did. The others were swept all the same. */
  readonly failed: { readonly count: number; readonly cause: unknown } | null
}

/** What all of one sweep has in common. */
export interface Sweeping {
  readonly drain: boolean
  readonly horizonMs: number
  readonly nowMs: number
}

const LISTS_AT_ONCE = 4
const REMOVALS_AT_ONCE = 4
const ALWAYS_MS = Number.MAX_SAFE_INTEGER

/**
 * Closes what is due at the horizon, which trails `nowMs` while a shard does. A drain takes everything, due or not, and
 * leaves the timers to when they are due: who is about to write what one of them is for must still find it set.
 */
export async function sweep(
  { drain, fromMs = 0 }: SweepRequest,
  ports: SweepPorts,
  settings: SweepSettings,
  nowMs: number,
): Promise<SweepReport> {
  const horizonMs = drain ? nowMs : await ports.horizon.readUpTo(nowMs)
  const sweeping: Sweeping = { drain, horizonMs, nowMs }
  const looks = newLooks(sweeping, ports, settings.rules)
  const range = drain ? { fromMs, toMs: ALWAYS_MS } : { fromMs: 0, toMs: horizonMs }
  const failures: unknown[] = []
  const swept = await pMap(ports.timers.lists(range), (list) => sweepList(list, sweeping, ports, looks, failures), {
    concurrency: LISTS_AT_ONCE,
  })
  const usersOpen = await countHourly(ports, settings, nowMs, failures)
  const causes = [...looks.failures, ...failures]
  const stops = swept.flatMap(({ stoppedAtMs }) => stoppedAtMs ?? [])
  return {
    horizonMs,
    lagMs: nowMs - horizonMs,
    ...looks.tally,
    again: swept.reduce((sum, { again }) => sum + again, 0),
    usersOpen,
    isUnfinished: stops.length > 0,
    stoppedAtMs: drain && stops.length > 0 ? Math.min(...stops) : null,
    failed: causes.length === 0 ? null : { count: causes.length, cause: causes[0] },
  }
}

interface SweptList {
  readonly again: number
  /** Null when the list is through. */
  readonly stoppedAtMs: number | null
}

async function sweepList(
  list: AsyncIterable<readonly TimerPage[]>,
  sweeping: Sweeping,
  { timers, hasTime }: SweepPorts,
  looks: Looks,
  failures: unknown[],
): Promise<SweptList> {
  let again = 0
  try {
    for await (const pages of list) {
      if (pages.length === 0) continue
      const found = hasTime() ? await lookAt(pages, sweeping, looks) : new Map()
      if (!sweeping.drain) again += await settle(pages, sweeping.horizonMs, found, timers)
      if (!hasTime()) return { again, stoppedAtMs: firstUnseenMs(pages, found) }
    }
  } catch (error) {
    failures.push(error)
  }
  return { again, stoppedAtMs: null }
}

/** The last of the pages where all were seen. */
function firstUnseenMs(pages: readonly TimerPage[], found: ReadonlyMap<string, Look>): number {
  const unseen = pages.find((page) => page.timers.some(({ user }) => (found.get(user) ?? 'left') === 'left'))
  return (unseen ?? (pages.at(-1) as TimerPage)).startMs
}

function lookAt(
  pages: readonly TimerPage[],
  { drain, horizonMs }: Sweeping,
  looks: Looks,
): Promise<ReadonlyMap<string, Look>> {
  const passed = pages.flatMap((page) => page.timers.filter(({ atMs }) => drain || atMs <= horizonMs))
  return looks.at([...new Set(passed.map(({ user }) => user))])
}

/**
 * A page goes when all of its timers have passed and all of its users were seen, and not before those of them who live
 * on have their next timer. Who failed gets one too, lest the others be looked at again with them.
 *
 * @returns how many have.
 */
async function settle(
  pages: readonly TimerPage[],
  horizonMs: number,
  found: ReadonlyMap<string, Look>,
  timers: SweepPorts['timers'],
): Promise<number> {
  const isSeen = ({ user, atMs }: Timer): boolean => atMs <= horizonMs && (found.get(user) ?? 'left') !== 'left'
  const done = pages.filter((page) => page.timers.every(isSeen))
  const users = new Set(done.flatMap((page) => page.timers.map(({ user }) => user)))
  const next = [...users].flatMap((user): Timer[] => {
    const look = found.get(user) ?? 'left'
    if (look === 'failed') return [{ user, atMs: horizonMs }]
    return look === 'left' || look.rescheduledMs === null ? [] : [{ user, atMs: look.rescheduledMs }]
  })
  if (next.length > 0) await timers.put(next)
  await pMap(done, ({ id }) => timers.remove(id), { concurrency: REMOVALS_AT_ONCE })
  return next.length
}

/** Hourly, since it reads every timer. */
async function countHourly(
  { timers, hasTime }: SweepPorts,
  { sweepEveryMs }: SweepSettings,
  nowMs: number,
  failures: unknown[],
): Promise<number | null> {
  if (nowMs % HOUR_MS >= sweepEveryMs) return null
  const counter = userCounter()
  try {
    for (const list of timers.lists({ fromMs: 0, toMs: ALWAYS_MS })) {
      if (!hasTime()) return null
      for await (const pages of list) {
        for (const { user } of pages.flatMap((page) => page.timers)) counter.add(user)
        if (!hasTime()) return null
      }
    }
    return counter.count()
  } catch (error) {
    failures.push(error)
    return null
  }
}
