// Fires the timers that the horizon has passed and closes what is due of their users; a drain
// closes every session.

import pMap from 'p-map'
import type { Metrics } from '../contract.ts'
import { distinctCounter } from '../domain/distinct-counter.ts'
import { HOUR_MS, MINUTE_MS } from '../domain/durations.ts'
import { isNonEmpty, lastOf, type NonEmpty } from '../domain/non-empty.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import type { WorkShare } from '../domain/work-share.ts'
import {
  type Horizon,
  type SessionStore,
  type Timer,
  type TimerPage,
  type TimerStore,
  UnreadableItemError,
  type UnreadableItems,
  unreadableItems,
} from '../ports.ts'
import { type DueUserCounts, type DueUsers, dueUsers, type FiredUser, type SweepScope } from './close-due-users.ts'

export interface SweepPorts {
  readonly sessions: SessionStore
  readonly timers: Pick<TimerStore, 'lists' | 'put' | 'remove'>
  readonly horizon: Horizon
  /** Returns false when the time for this sweep is up; the next sweep does the rest. */
  readonly hasTime: () => boolean
}

export interface SweepSettings {
  readonly rules: Rules
  readonly sweepEveryMs: number
}

export interface SweepRequest {
  readonly drain: boolean
  /** Where the previous drain stopped: the `stoppedAtMs` of its report. */
  readonly fromMs?: number
  /** The timers that this sweep fires; absent for all. Others may fire theirs at the same time. */
  readonly share?: WorkShare
}

/** The counts of one sweep, as the function's log line prints them. */
export interface SweepReport extends DueUserCounts {
  /** The arrival time up to which every shard is applied. The sweep closes what is due by then. */
  readonly horizonMs: number
  /** How far the horizon trails the time of day, so how late sessions close. */
  readonly lagMs: number
  /**
   * Timers that the sweep scheduled, for users whose sessions stay open or whose closing failed.
   */
  readonly rescheduled: number
  /**
   * About how many users have a timer, as every user with an open session has. Only the first sweep
   * of an hour counts them; in others it is null.
   */
  readonly usersOpen: number | null
  /** True when the sweep stopped before it had read every due timer. */
  readonly isUnfinished: boolean
  /** The time of the timer at which a drain stopped; null when the drain is complete. */
  readonly stoppedAtMs: number | null
  /**
   * How many users and lists of timers failed, and why the first did. The sweep went on with all
   * others.
   */
  readonly failed: { readonly count: number; readonly cause: unknown } | null
  /** Users and lists of timers with damaged items. The sweep went on with all others. */
  readonly unreadable: UnreadableItems | null
}

/**
 * A user whose items are damaged is tried again after this time. Each try costs two writes, and
 * CloudWatch watches the count of each hour.
 */
const UNREADABLE_DELAY_MS = 30 * MINUTE_MS
const REMOVALS_AT_ONCE = 4
const FOREVER_MS = Number.MAX_SAFE_INTEGER

/**
 * Closes what is due at the horizon, which trails `nowMs` while a shard does.
 *
 * A drain closes every session, due or not, and leaves all timers in place. Ingest may be about to
 * write a state for which one of them was scheduled.
 */
export async function sweep(
  { drain, fromMs = 0, share }: SweepRequest,
  ports: SweepPorts,
  settings: SweepSettings,
  nowMs: number,
): Promise<SweepReport> {
  const horizonMs = drain ? nowMs : await ports.horizon.readUpTo(nowMs)
  const scope: SweepScope = { drain, horizonMs, nowMs }
  const due = dueUsers(scope, ports, settings.rules)
  const span = { fromMs: drain ? fromMs : 0, toMs: drain ? FOREVER_MS : horizonMs, ...(share && { share }) }
  const failures: unknown[] = []
  const swept: SweptList[] = []
  // One list after the other, so that each batch read and write is full.
  for (const list of ports.timers.lists(span)) swept.push(await sweepList(list, scope, ports, due, failures))
  // The first sweeper counts for all, since a user may have timers in several shares.
  const usersOpen = (share?.number ?? 0) === 0 ? await countHourly(ports, settings, nowMs, failures) : null
  const isUnreadable = (error: unknown): boolean => error instanceof UnreadableItemError
  const unreadable = failures.filter(isUnreadable)
  const causes = [...due.failures, ...failures.filter((error) => !isUnreadable(error))]
  const stops = swept.flatMap(({ stoppedAtMs }) => stoppedAtMs ?? [])
  return {
    horizonMs,
    lagMs: nowMs - horizonMs,
    ...due.counts,
    rescheduled: swept.reduce((sum, { rescheduled }) => sum + rescheduled, 0),
    usersOpen,
    isUnfinished: stops.length > 0,
    stoppedAtMs: drain && stops.length > 0 ? Math.min(...stops) : null,
    failed: causes.length === 0 ? null : { count: causes.length, cause: causes[0] },
    unreadable: unreadableItems([...due.unreadable, ...unreadable]),
  }
}

interface SweptList {
  readonly rescheduled: number
  /** Null when the list is complete. */
  readonly stoppedAtMs: number | null
}

async function sweepList(
  list: AsyncIterable<readonly TimerPage[]>,
  scope: SweepScope,
  { timers, hasTime }: SweepPorts,
  due: DueUsers,
  failures: unknown[],
): Promise<SweptList> {
  let rescheduled = 0
  try {
    for await (const pages of list) {
      if (!isNonEmpty(pages)) continue
      const fired = hasTime() ? await fire(pages, scope, due) : new Map()
      if (!scope.drain) rescheduled += await replaceFired(pages, scope.horizonMs, fired, timers)
      if (!hasTime()) return { rescheduled, stoppedAtMs: firstUnfiredMs(pages, fired) }
    }
  } catch (error) {
    failures.push(error)
  }
  return { rescheduled, stoppedAtMs: null }
}

/** Returns the start of the first page with a user who was not reached, or of the last page. */
function firstUnfiredMs(pages: NonEmpty<TimerPage>, fired: ReadonlyMap<string, FiredUser>): number {
  const unfired = pages.find((page) => page.timers.some(({ user }) => (fired.get(user) ?? 'left') === 'left'))
  return (unfired ?? lastOf(pages)).startMs
}

function fire(
  pages: readonly TimerPage[],
  { drain, horizonMs }: SweepScope,
  due: DueUsers,
): Promise<ReadonlyMap<string, FiredUser>> {
  const passed = pages.flatMap((page) => page.timers.filter(({ atMs }) => drain || atMs <= horizonMs))
  return due.close([...new Set(passed.map(({ user }) => user))])
}

/**
 * Removes each page whose timers have all fired. Before that, it schedules the next timer of every
 * user of the page whose session stays open. A user who failed gets a timer of their own, so that
 * the next sweep need not read the others of the page again. So does a user with damaged items, for
 * a later sweep.
 *
 * @returns how many timers it scheduled.
 */
async function replaceFired(
  pages: readonly TimerPage[],
  horizonMs: number,
  fired: ReadonlyMap<string, FiredUser>,
  timers: SweepPorts['timers'],
): Promise<number> {
  const hasFired = ({ user, atMs }: Timer): boolean => atMs <= horizonMs && (fired.get(user) ?? 'left') !== 'left'
  const done = pages.filter((page) => page.timers.every(hasFired))
  const users = new Set(done.flatMap((page) => page.timers.map(({ user }) => user)))
  const next = [...users].flatMap((user): Timer[] => {
    const outcome = fired.get(user) ?? 'left'
    if (outcome === 'failed') return [{ user, atMs: horizonMs }]
    if (outcome === 'unreadable') return [{ user, atMs: horizonMs + UNREADABLE_DELAY_MS }]
    return outcome === 'left' || outcome.rescheduledMs === null ? [] : [{ user, atMs: outcome.rescheduledMs }]
  })
  if (next.length > 0) await timers.put(next)
  await pMap(done, ({ id }) => timers.remove(id), { concurrency: REMOVALS_AT_ONCE })
  return next.length
}

/**
 * Counts once an hour only, because that reads every timer. The count leaves out the timers of
 * damaged pages.
 */
async function countHourly(
  { timers, hasTime }: SweepPorts,
  { sweepEveryMs }: SweepSettings,
  nowMs: number,
  failures: unknown[],
): Promise<number | null> {
  if (nowMs % HOUR_MS >= sweepEveryMs) return null
  const counter = distinctCounter()
  for (const list of timers.lists({ fromMs: 0, toMs: FOREVER_MS })) {
    if (!hasTime()) return null
    try {
      for await (const pages of list) {
        for (const { user } of pages.flatMap((page) => page.timers)) counter.add(user)
        if (!hasTime()) return null
      }
    } catch (error) {
      failures.push(error)
      if (!(error instanceof UnreadableItemError)) return null
    }
  }
  return counter.count()
}

/** Leaves the lag out for a drain, which does not read the horizon. */
export function sweepMetrics(report: SweepReport, drain: boolean): Metrics {
  return {
    ...(!drain && { HorizonLag: report.lagMs }),
    ...(report.usersOpen !== null && { UsersOpen: report.usersOpen }),
    Closings: report.closed,
    Conflicts: report.conflicts,
    SweepsUnfinished: report.isUnfinished ? 1 : 0,
    SweepFailures: report.failed === null ? 0 : 1,
    Unreadable: report.unreadable?.count ?? 0,
  }
}
