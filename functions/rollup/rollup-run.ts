// Carries what all parts of one rollup run share: ports, metadata, counts and failures.

import type { Digest } from '../domain/events/event.ts'
import { UnreadableItemError, VersionConflictError } from '../ports.ts'
import type { DirtyHours, RollupMetadata, RollupStore } from '../result-ports.ts'

export interface RollupPorts {
  readonly dirtyHours: DirtyHours
  readonly rollups: RollupStore
  readonly digest: Digest
  /** Returns false when the time for this run is up; the next run does the rest. */
  readonly hasTime: () => boolean
}

export interface SegmentSettings {
  /** The labels by whose values hours and days are summed (M4). */
  readonly segments: readonly string[]
  /** How many values an hour and a day name at most for each label. */
  readonly segmentValuesMax: number
}

export interface RollupCounts {
  /** Hours whose sums were written. */
  hours: number
  /** Days whose sums were written. */
  days: number
  /** Days whose query lists were written. */
  daysRanked: number
  rowsRead: number
  /** Hours, days and rankings that another run wrote first; the next run does them again. */
  conflicts: number
}

export interface RollupRun {
  readonly ports: RollupPorts
  readonly metadata: RollupMetadata
  readonly settings: SegmentSettings
  readonly counts: RollupCounts
  readonly failures: unknown[]
  /** Why items could not be read, for each piece of work that met one. */
  readonly unreadable: unknown[]
}

export function newRun(ports: RollupPorts, metadata: RollupMetadata, settings: SegmentSettings): RollupRun {
  return {
    ports,
    metadata,
    settings,
    counts: { hours: 0, days: 0, daysRanked: 0, rowsRead: 0, conflicts: 0 },
    failures: [],
    unreadable: [],
  }
}

/**
 * Runs one piece of work and records its failure, so that it delays no other piece. If two runs
 * write one sum, the second write fails. The stored sum may count fewer rows, so the next run sums
 * again.
 */
export async function attempt({ counts, failures, unreadable }: RollupRun, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof VersionConflictError) counts.conflicts++
    else if (error instanceof UnreadableItemError) unreadable.push(error)
    else failures.push(error)
  }
}

/** Yields all pages, and records that damaged items were left out of them. */
export async function* readable<T>(
  pages: AsyncIterable<T>,
  { unreadable }: Pick<RollupRun, 'unreadable'>,
): AsyncIterable<T> {
  try {
    yield* pages
  } catch (error) {
    if (!(error instanceof UnreadableItemError)) throw error
    unreadable.push(error)
  }
}
