// Defines the ports through which finalize, rollup and forget reach the results table.

import { DAY_MS } from './domain/durations.ts'
import type { ResultRow } from './domain/results/result.ts'
import type { DayRollup, HourRollup, Slice } from './domain/results/rollup.ts'
import type { SegmentedRow } from './domain/results/segment-sums.ts'
import type { HourSegments, SegmentRollup } from './domain/results/segments.ts'
import type { QueryRollup, RankedSearch } from './domain/results/top-queries.ts'

export interface ResultStore {
  /**
   * Writes the row unless a row or a row tombstone of this version or a newer one is stored under
   * its key.
   *
   * @param isReplaced true where an older row is probably stored, as for an amended session. A
   * wrong guess changes nothing but the cost.
   */
  put(row: ResultRow, expiresAtMs: number, isReplaced?: boolean): Promise<void>
  /**
   * Replaces this version of the row, or an older one, by a row tombstone of the version. Puts the
   * tombstone where no row is stored, too: a late `put` of the version then changes nothing.
   *
   * @param expiresAtMs see `rowTombstoneExpiresAt`.
   */
  remove(row: RemovableRow, expiresAtMs: number): Promise<void>
  /** Yields pages of all rows of the user. Consistent. */
  rowsOf(user: string): AsyncIterable<readonly ResultRow[]>
}

export type RemovableRow = Pick<ResultRow, 'pk' | 'sk' | 'version'>

/**
 * When a row tombstone may expire: a day later. A write that began before the removal has landed by
 * then. Lambda ends an invocation after 15 minutes, and AWS refuses a request that was signed more
 * than 15 minutes ago.
 */
export function rowTombstoneExpiresAt(nowMs: number): number {
  return nowMs + DAY_MS
}

/** An hour whose sums are stale, or a day whose query lists are stale. */
export interface DirtyPeriod {
  readonly kind: 'hour' | 'queries'
  /** The hour or the day, by kind. */
  readonly of: string
  /** When the invocation of finalize, rollup or `forget` that marked the period last began. */
  readonly atMs: number
}

export interface StoredDirtyPeriod extends DirtyPeriod {
  /** When a rollup run first saw the period since it was last marked; null when none has. */
  readonly seenMs: number | null
}

/** Stores dirty periods until a rollup run clears them. */
export interface DirtyHours {
  /** Marks the periods as dirty. A period that is dirty already counts as unseen again. */
  mark(periods: readonly DirtyPeriod[]): Promise<void>
  /**
   * Yields pages of all dirty periods of the kind, the newest period first. Consistent. Throws
   * UnreadableItemError for a damaged one, but only after the last page.
   */
  pages(kind: DirtyPeriod['kind']): AsyncIterable<readonly StoredDirtyPeriod[]>
  /**
   * Records when a run saw the period. Does nothing if the period was marked or seen since it was
   * read.
   */
  markSeen(period: StoredDirtyPeriod, nowMs: number): Promise<void>
  /** Removes the period. Does nothing if the period was marked or seen since it was read. */
  clear(period: StoredDirtyPeriod): Promise<void>
}

/** When all query lists of a day were written, and their common revision. */
export interface Ranking {
  readonly revision: number
  /** Null until the first lists are complete. */
  readonly computedAtMs: number | null
}

/**
 * Reads the rows of an hour and stores the sums and query lists. Reads are consistent, but for
 * `rowsOf`, and throw UnreadableItemError for a damaged item.
 */
export interface RollupStore {
  /**
   * Yields pages of the rows of one slice of an hour. The rows hold only what sums count. They come
   * from an index, which trails the table by some seconds. Throws UnreadableItemError for a damaged
   * row, but only after the last page.
   *
   * @param from the `next` of an earlier page, or null for the slice's beginning.
   * @param isSegmented true to have `pk` and `labels` in the rows, which segments need.
   */
  rowsOf(hour: string, slice: Slice, from: RowPosition | null, isSegmented: boolean): AsyncIterable<RowPage>
  /**
   * Yields pages of the searches of one slice of an hour from the same index, in the byte order of
   * their keys. Throws as `rowsOf` does.
   *
   * @param afterKey leaves out searches up to this key; null leaves out none.
   */
  searchesOf(hour: string, slice: Slice, afterKey: string | null): AsyncIterable<readonly KeyedSearch[]>
  /** Returns null when there is no such sum. */
  load<T extends Sum>(key: { pk: string; sk: string }): Promise<StoredRollup<T> | null>
  /** Returns the day's stored hours in order. Hours without a sum are left out. */
  hoursOf(day: string): Promise<HourRollup[]>
  /** Returns the day's stored hours by the values of the label, likewise. */
  segmentHoursOf(day: string, label: string): Promise<HourSegments[]>
  /**
   * Replaces the revision that was loaded, 0 for none. Throws VersionConflictError when another
   * revision is stored.
   */
  save(rollup: Sum, baseRevision: number, metadata: RollupMetadata): Promise<void>
  /**
   * Removes the loaded revision of a sum that has no rows any more. Throws
   * VersionConflictError when another revision is stored.
   */
  remove(key: { pk: string; sk: string }, baseRevision: number): Promise<void>
  /** Returns null when the day was never ranked. */
  ranking(day: string): Promise<Ranking | null>
  /**
   * Replaces all query lists of the day. Throws VersionConflictError as `save` does. The lists take
   * several writes. After a crash between them, the next call writes them all again.
   */
  saveRanking(
    day: string,
    queries: readonly QueryRollup[],
    baseRevision: number,
    metadata: RollupMetadata,
  ): Promise<void>
  /** Returns the work that a run left unfinished under the name, or null. Null if it is damaged. */
  loadProgress<T>(name: string, nowMs: number): Promise<T | null>
  /** Replaces the unfinished work of the name. Null removes it. It expires after a day. */
  saveProgress(name: string, progress: object | null, nowMs: number): Promise<void>
}

/** The sum of an hour or a day, and that of its searches by the values of a label. */
export type Sum = HourRollup | DayRollup | SegmentRollup

/** Where a read of a slice goes on: the key of the last row that was read. */
export type RowPosition = Readonly<Record<string, string>>

export interface RowPage {
  readonly rows: readonly StoredRow[]
  /** Null after the last page. */
  readonly next: RowPosition | null
}

export interface KeyedSearch {
  /** All searches for one query have one key. Long queries may share a key. */
  readonly key: string
  readonly row: RankedSearch
}

export interface StoredRow {
  readonly row: SegmentedRow
  readonly expiresAtMs: number
}

export interface StoredRollup<T> {
  readonly rollup: T
  readonly revision: number
}

export interface RollupMetadata {
  readonly computedAtMs: number
  readonly expiresAtMs: number
}
