// Reads the dirty periods and selects those of one run. Recent hours come first, so that no flood
// of old ones delays them.

import { HOUR_MS } from '../domain/durations.ts'
import { hourStartMs } from '../domain/results/rollup.ts'
import type { DirtyPeriod, StoredDirtyPeriod } from '../result-ports.ts'
import { type RollupRun, readable } from './rollup-run.ts'

/**
 * Periods that a run reads of each kind, the newest first. The newest 10,000 hours hold all hours
 * of the last year, however many are dirty. The newest 1,000 days hold those of two years.
 */
const READ_MAX = { hour: 10_000, queries: 1000 } as const
/** A run sums all dirty hours of this time. */
const RECENT_MS = 48 * HOUR_MS
/** Older hours that one run sums, so that time is left for the rankings. */
const OLDER_HOURS_MAX = 500
/** So many of these may be hours that an earlier run has seen and that wait to be cleared. */
const SEEN_HOURS_MAX = 125

export interface DirtyPeriods {
  /** In the order in which the run sums them. */
  readonly hours: readonly StoredDirtyPeriod[]
  /** Days whose query lists are stale, the newest first. */
  readonly queries: readonly StoredDirtyPeriod[]
  /** Whether the run leaves periods out that no run has handled yet. */
  readonly isPartial: boolean
}

/** @param begunHour the hour that the last run left unfinished: the first one of its age. */
export async function dirtyPeriods(begunHour: string | null, run: RollupRun): Promise<DirtyPeriods> {
  const hours = await newestDirty('hour', run)
  const queries = await newestDirty('queries', run)
  const isRecent = ({ of }: DirtyPeriod): boolean => hourStartMs(of) > run.metadata.computedAtMs - RECENT_MS
  const isBegun = ({ of }: DirtyPeriod): boolean => of === begunHour
  const rank = (hour: StoredDirtyPeriod): number => (isBegun(hour) ? 0 : isSeen(hour) ? 2 : 1)
  const recent = hours.filter(isRecent).sort((a, b) => rank(a) - rank(b))
  const begun = hours.filter((hour) => !isRecent(hour) && isBegun(hour))
  const older = hours.filter((hour) => !isRecent(hour) && !isBegun(hour))
  const seen = older.filter(isSeen)
  const unseen = older.filter((hour) => !isSeen(hour))
  const first = unseen.slice(0, OLDER_HOURS_MAX - Math.min(SEEN_HOURS_MAX, seen.length))
  const next = seen.slice(0, OLDER_HOURS_MAX - first.length)
  const isLimited = hours.length === READ_MAX.hour || queries.length === READ_MAX.queries
  return {
    hours: [...recent, ...begun, ...first, ...next],
    queries,
    isPartial: isLimited || first.length < unseen.length,
  }
}

/** Whether an earlier run has summed the hour since it was marked. */
function isSeen({ seenMs }: StoredDirtyPeriod): boolean {
  return seenMs !== null
}

async function newestDirty(kind: DirtyPeriod['kind'], run: RollupRun): Promise<StoredDirtyPeriod[]> {
  const max = READ_MAX[kind]
  const found: StoredDirtyPeriod[] = []
  for await (const page of readable(run.ports.dirtyHours.pages(kind), run)) {
    found.push(...page.slice(0, max - found.length))
    if (found.length === max) break
  }
  return found
}
