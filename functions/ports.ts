// What the steps meet outside: what is handed to them, where sessions, results and dead letters are kept, and the horizon.

import type { Parsed, Rejection, RejectReason } from './domain/events/decode.ts'
import type { ClosedSession, ResultRow } from './domain/results/result.ts'
import type { DayRollup, HourRollup, Slice } from './domain/results/rollup.ts'
import type { QueryRollup } from './domain/results/top-queries.ts'
import type { TimeRange } from './domain/sessions/neighbours.ts'
import type { Session } from './domain/sessions/session.ts'
import type { UserState } from './domain/sessions/user-state.ts'

/** One record of a shard, as it was put; or one event out of such a record, sent again alone. */
export interface ArrivedRecord {
  readonly shardId: string
  readonly sequenceNumber: string
  readonly arrivalMs: number
  /** As it arrived, base64. */
  readonly data: string
  /** Of an event sent again alone, its place in the record that it was packed in, from 0; else null. */
  readonly subSequence: number | null
}

/** One event of a record, or what stands where one should. */
export interface UnpackedEvent {
  /** Not before it is asked for: parsed JSON may take twenty times the memory of its text. */
  readonly read: () => Parsed | Rejection
  /** In the record, from 0; null where the record is not packed, or was refused as a whole. */
  readonly subSequence: number | null
  /** What sends it again alone, base64; of a record that is not packed, the record's. */
  readonly data: () => string
}

export interface RecordEvents {
  /** In order. */
  readonly events: readonly UnpackedEvent[]
  /** What unpacking them takes in memory. */
  readonly bytes: number
}

/** One change of one closed session, as the sessions table's stream tells it. */
export interface ClosedChange {
  readonly sequenceNumber: string
  readonly user: string
  readonly id: string
  readonly version: number
  /** What the change left; null where another session absorbed this one. */
  readonly after: ClosedSession | null
  /** What there was before; null for a session closed for the first time. */
  readonly before: ClosedSession | null
}

/** Another writer was first. Load again, apply again. */
export class VersionConflictError extends Error {
  /** The version that stands in the way. */
  readonly version: number
  constructor(user: string, version: number) {
    // The user stays out of the message: it is personal, and messages are logged.
    super(`another writer was first: version ${version} of a key of ${user.length} characters`)
    this.name = 'VersionConflictError'
    this.version = version
  }
}

/** A closed session, or its mark, without what it holds. */
export interface ClosedVersion {
  readonly id: string
  readonly version: number
  readonly isTombstone: boolean
}

export interface SessionStore {
  /** Consistent. A user without state is `NEW_USER`. */
  loadUsers(users: readonly string[]): Promise<ReadonlyMap<string, UserState>>
  /** The closed sessions near the range: see `neighbours`. Consistent. */
  loadClosed(user: string, range: TimeRange): Promise<readonly Session[] | null>
  /**
   * Writes the state if the stored one still has `baseVersion`, which `state.version` is above. Writing the very same
   * state again succeeds. Throws VersionConflictError. Kept until `expiresAtMs` if nothing is open, and as long as a forgotten
   * user has to stay so.
   */
  saveUser(user: string, state: UserState, baseVersion: number, expiresAtMs: number): Promise<void>
  /** Writes unless the stored one has this version already. Throws VersionConflictError if it has a later one. */
  putClosed(closed: ClosedSession, expiresAtMs: number): Promise<void>
  /** Replaces the closed session by a mark that it was absorbed, under the rules of `putClosed`. */
  putTombstone(user: string, id: string, version: number, expiresAtMs: number): Promise<void>
  /** The version of a closed session or of its mark; null when there is neither. Consistent. */
  closedVersion(user: string, id: string): Promise<number | null>
  /** Pages of all that `closedVersion` knows of the user. Consistent. */
  closedVersions(user: string): AsyncIterable<readonly ClosedVersion[]>
  /** Removes what the store may still hold apart of the user's states up to this version, which no later one needs. */
  eraseBlocks(user: string, version: number): Promise<void>
}

export interface ResultStore {
  /** Writes unless the stored row has this or a later version. */
  put(row: ResultRow, expiresAtMs: number): Promise<void>
  /** Removes the row if it still belongs to the session and is older than the version. */
  remove(row: ResultRow, olderThanVersion: number): Promise<void>
  /** Pages of all rows of the user. Consistent. */
  rowsOf(user: string): AsyncIterable<readonly ResultRow[]>
}

/** What waits to be rolled up: an hour of which rows changed, or a day whose queries are to be ranked again. */
export interface DirtyPeriod {
  readonly kind: 'hour' | 'queries'
  /** An hour, as `2026-03-02T09`, or a day, as `2026-03-02`. UTC. */
  readonly of: string
  /** When who dirtyPeriods it last began. */
  readonly atMs: number
}

/** A touch as it waits. */
export interface StoredDirtyPeriod extends DirtyPeriod {
  /** When a run found it first as it is; null for one that no run has seen yet. */
  readonly seenMs: number | null
}

/** A touch stays until it is settled. Made again, it is one that no run has seen. */
export interface DirtyHours {
  mark(dirtyHours: readonly DirtyPeriod[]): Promise<void>
  /** Pages of all. Consistent. */
  pages(): AsyncIterable<readonly StoredDirtyPeriod[]>
  /** Notes that a run has found it, unless it was made again since, or was seen before. */
  markSeen(touch: StoredDirtyPeriod, nowMs: number): Promise<void>
  /** Removes the touch, unless it was made again since. */
  clear(touch: StoredDirtyPeriod): Promise<void>
}

/** The ranking of a day's queries as a whole. */
export interface Ranking {
  readonly revision: number
  /** Null while the first is being written. */
  readonly computedAtMs: number | null
}

export interface RollupStore {
  /** Pages of the rows of a part of an hour, with what rollups read of them. By an index, so some seconds behind. */
  rowsOf(hour: string, slice: Slice): AsyncIterable<readonly StoredRow[]>
  /** Consistent, like all below; null when there is none. */
  load<T extends HourRollup | DayRollup>(key: { pk: string; sk: string }): Promise<StoredRollup<T> | null>
  /** Those there are, in order. */
  hoursOf(day: string): Promise<HourRollup[]>
  /** Writes over the revision that was loaded, 0 for none. Throws VersionConflictError when there is another by now. */
  save(rollup: HourRollup | DayRollup, baseRevision: number, stamp: RollupMetadata): Promise<void>
  ranking(day: string): Promise<Ranking | null>
  /** Replaces all lists of the day. Throws VersionConflictError as `save` does; again it does the rest of one interrupted. */
  saveRanking(day: string, queries: readonly QueryRollup[], baseRevision: number, stamp: RollupMetadata): Promise<void>
}

export interface StoredRow {
  readonly row: ResultRow
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

/** What was refused, whole: it can be read and sent again. A record, or one event of a packed one. */
export interface DeadLetter {
  readonly reason: RejectReason
  readonly detail: string
  readonly shardId: string
  readonly sequenceNumber: string
  readonly arrivalMs: number
  /** Of an event of a packed record, its place in the record, from 0; else null. */
  readonly subSequence: number | null
  /** The record's data as it arrived, or the event's alone, base64. */
  readonly data: string
}

export interface DeadLetters {
  /** Keeps all of them, or throws. Putting the same ones again changes nothing. */
  put(letters: readonly DeadLetter[]): Promise<void>
}

/** What was removed of the dead letters, and what nobody can tell whose it is. */
export interface DeadLettersErased {
  readonly removed: number
  readonly unreadable: number
}

/** The dead letters that there are, refused records and failed batches alike. */
export interface DeadLetterStore {
  /**
   * Removes every record of the user that arrived at or before the moment.
   *
   * @param user as producers send it.
   * @param storedAs as the tables have it: its pseudonym, if there are any.
   */
  erase(user: string, storedAs: string, atMs: number): Promise<DeadLettersErased>
}

/** A user whom the sweeper is to look at, and when. */
export interface Timer {
  readonly user: string
  readonly atMs: number
}

/** TimerStore that were put together, never none, the earliest first. */
export interface TimerPage {
  readonly id: string
  /** No later than the first of them. */
  readonly startMs: number
  readonly timers: readonly Timer[]
}

export interface TimeSpan {
  readonly fromMs: number
  /** Inclusive. */
  readonly toMs: number
}

/** Many timers lie in one item, so that each costs a few hundredths of a write. Any number may be set for one user. */
export interface TimerStore {
  put(timers: readonly Timer[]): Promise<void>
  /**
   * All pages that start in the span. Several lists, to be read side by side; each in the order of starts, consistent, and
   * failing only after all that can be read.
   */
  lists(span: TimeSpan): readonly AsyncIterable<readonly TimerPage[]>[]
  remove(id: string): Promise<void>
}

/** How far each shard has been applied. */
export interface ShardProgress {
  /** Everything of the shard up to and with this record is durable. Never goes back. */
  record(shardId: string, sequenceNumber: string, arrivalMs: number): Promise<void>
  /** Whether the record comes again after it was recorded, or beside the stream: the horizon may be far ahead of it. */
  isPassed(shardId: string, sequenceNumber: string): Promise<boolean>
}

export interface Horizon {
  /** The arrival time up to which every shard has been applied; at most `nowMs`. */
  readUpTo(nowMs: number): Promise<number>
}
