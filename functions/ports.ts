// Defines the ports through which the steps read the stream and reach every store but the results
// table, and the values that pass through them.

import type { Parsed, Rejection, RejectReason } from './domain/events/decode.ts'
import type { NonEmpty } from './domain/non-empty.ts'
import type { ClosedSession } from './domain/results/result.ts'
import type { TimeRange } from './domain/sessions/neighbours.ts'
import type { Session } from './domain/sessions/session.ts'
import type { UserState } from './domain/sessions/user-state.ts'
import type { WorkShare } from './domain/work-share.ts'

/** A record as Kinesis delivers it, or one event of a packed record that is redriven alone. */
export interface ArrivedRecord {
  readonly shardId: string
  readonly sequenceNumber: string
  readonly arrivalMs: number
  /** Base64. */
  readonly data: string
  /** The index, from 0, that an event redriven alone had in its packed record; else null. */
  readonly subSequence: number | null
}

/** One event of a record, or a text that cannot be read as one. */
export interface UnpackedEvent {
  /**
   * Parses only when it is called, because parsed JSON may need twenty times the memory of its
   * text.
   */
  readonly read: () => Parsed | Rejection
  /**
   * The event's index in the record, from 0; null when the record holds one event or is rejected
   * whole.
   */
  readonly subSequence: number | null
  /** Returns the record data, in base64, that redrives this event alone. */
  readonly data: () => string
}

export interface RecordEvents {
  /** In the record's order. */
  readonly events: readonly UnpackedEvent[]
  /** Memory that the unpacked record takes. */
  readonly bytes: number
}

/** A change of one closed session, as the stream of the sessions table reports it. */
export interface ClosedChange {
  readonly sequenceNumber: string
  readonly user: string
  readonly id: string
  readonly version: number
  /** Null when the change left a tombstone. */
  readonly after: ClosedSession | null
  /** Null when the session had no closed item before, or a tombstone. */
  readonly before: ClosedSession | null
}

/** A change of a closed session that cannot be read, with the stream's record as it came. */
export interface UnreadChange {
  readonly sequenceNumber: string
  /** UnreadableItemError for a damaged item. Newer code can read it after any other error. */
  readonly cause: unknown
  readonly record: unknown
}

/** Stores unread changes where a person can redrive them. */
export interface UnreadChanges {
  /** Idempotent. */
  put(change: UnreadChange): Promise<void>
}

/**
 * Another writer stored a newer version first. The caller must load the item again and compute its
 * write anew.
 */
export class VersionConflictError extends Error {
  /** The stored version. */
  readonly version: number
  constructor(user: string, version: number) {
    // The message must not hold the user: messages are logged, and a user id is personal data.
    super(`another writer stored version ${version} first, under a key of ${user.length} characters`)
    this.name = 'VersionConflictError'
    this.version = version
  }
}

/**
 * A stored item is damaged. No later try can read it, until a person repairs or removes it. The
 * message names no user and quotes nothing of the item, because messages are logged.
 */
export class UnreadableItemError extends Error {
  override readonly name = 'UnreadableItemError'
}

/** How many items a run could not read, and why it could not read the first. */
export interface UnreadableItems {
  readonly count: number
  readonly cause: unknown
}

export function unreadableItems(causes: readonly unknown[]): UnreadableItems | null {
  return causes.length === 0 ? null : { count: causes.length, cause: causes[0] }
}

/** A closed session or tombstone without its events. */
export interface ClosedVersion {
  readonly id: string
  readonly version: number
  readonly isTombstone: boolean
}

/** A closed session with its events, or a tombstone, whose `closed` is null. */
export interface ClosedItem {
  readonly id: string
  readonly version: number
  readonly closed: ClosedSession | null
}

/**
 * Stores the users' states, their closed sessions and the tombstones of those. Every read is
 * consistent.
 */
export interface SessionStore {
  /**
   * Returns the stored states, without users who have none. Among several users, it also leaves out
   * those whose state cannot be read. A write on `NEW_USER` then throws VersionConflictError. For a
   * single user whose state is damaged, throws UnreadableItemError.
   */
  loadUsers(users: readonly string[]): Promise<ReadonlyMap<string, UserState>>
  /**
   * Returns the closed sessions that an event in the range may change, as `neighbours` selects
   * them. Returns null when the range holds more than can be loaded. Throws UnreadableItemError
   * when one of them is damaged.
   */
  loadClosed(user: string, range: TimeRange): Promise<readonly Session[] | null>
  /**
   * Writes the state if the stored state has `baseVersion`, 0 for none. `state.version` must be
   * higher. To write the same state again succeeds. Throws VersionConflictError when another state
   * is stored.
   *
   * @param expiresAtMs when the state may expire, or while a session is open, its blocks: such a
   * state never expires. The state of a forgotten user expires not before `forgotten.untilMs`.
   */
  saveUser(user: string, state: UserState, baseVersion: number, expiresAtMs: number): Promise<void>
  /**
   * Writes the closed session unless this version is stored already. Throws VersionConflictError
   * when a newer version is stored.
   */
  putClosed(closed: ClosedSession, expiresAtMs: number): Promise<void>
  /** Replaces the closed session by a tombstone, under the same conditions as `putClosed`. */
  putTombstone(user: string, id: string, version: number, expiresAtMs: number): Promise<void>
  /**
   * Returns the version of the closed session or tombstone. Returns null when there is neither, or
   * when it has expired: DynamoDB may delete it now or days later.
   */
  closedVersion(user: string, id: string, nowMs: number): Promise<number | null>
  /** Yields pages of all closed sessions and tombstones of the user. */
  closedVersions(user: string): AsyncIterable<readonly ClosedVersion[]>
  /**
   * Removes the blocks of the user's states up to this version. States of later versions need none
   * of them.
   */
  eraseBlocks(user: string, version: number): Promise<void>
}

/** An event is set aside because what is stored of its user cannot be read. */
export const UNREADABLE_STATE = 'unreadable-state'
export type DeadLetterReason = RejectReason | typeof UNREADABLE_STATE

/**
 * A rejected record, or one rejected event of a packed record, stored whole so that it can be sent
 * again.
 */
export interface DeadLetter {
  readonly reason: DeadLetterReason
  readonly detail: string
  readonly shardId: string
  readonly sequenceNumber: string
  readonly arrivalMs: number
  /** The event's index in its packed record, from 0; null for a whole record. */
  readonly subSequence: number | null
  /** The data of the record or of the event alone, in base64. */
  readonly data: string
}

export interface DeadLetters {
  /** Stores all of them, or throws. Idempotent. */
  put(deadLetters: readonly DeadLetter[]): Promise<void>
}

/** Counts the dead letters that an erasure removed, and those that it could not read. */
export interface DeadLettersErased {
  readonly removed: number
  /** Dead letters that may be of any user, because nothing in them can be read. */
  readonly unreadable: number
}

/** The stored dead letters: rejected records, and the batches that Lambda gave up. */
export interface DeadLetterStore {
  /**
   * Removes every dead letter of the user that arrived at or before the moment. Idempotent.
   *
   * @param user the user id as producers send it.
   * @param storedAs the name of the user in the tables, which is a pseudonym where there are
   * pseudonyms.
   */
  erase(user: string, storedAs: string, atMs: number): Promise<DeadLettersErased>
}

/** The sweeper closes what is due of the user once the horizon passes `atMs`. */
export interface Timer {
  readonly user: string
  readonly atMs: number
}

/** Timers that are stored as one item. */
export interface TimerPage {
  readonly id: string
  /** No later than any of the timers. */
  readonly startMs: number
  /** The earliest first. */
  readonly timers: NonEmpty<Timer>
}

/** Which pages to list. */
export interface PageSpan {
  readonly fromMs: number
  /** Inclusive. */
  readonly toMs: number
  /** The pages that one of several sweepers fires; absent for all. */
  readonly share?: WorkShare
}

/** Stores timers, many in one item. A user may have any number of timers. */
export interface TimerStore {
  /** Adds these timers and replaces none. Timers that are put together share pages. */
  put(timers: readonly Timer[]): Promise<void>
  /**
   * Lists the pages of the share that start in the span, as several lists that can be read at the
   * same time. A list is consistent, in order of starts, and yields all readable pages before it
   * throws for an unreadable one: UnreadableItemError if each of those is damaged.
   */
  lists(span: PageSpan): readonly AsyncIterable<readonly TimerPage[]>[]
  /** Removes a page with all its timers. Idempotent. */
  remove(id: string): Promise<void>
}

/** Stores how far ingest has applied each shard. */
export interface ShardProgress {
  /**
   * Records that the shard is durably applied up to and including this record. Never moves back.
   */
  record(shardId: string, sequenceNumber: string, arrivalMs: number): Promise<void>
  /**
   * Returns whether the horizon may be past the record: its shard is recorded up to it, or it was
   * redriven outside the stream.
   */
  isPassed(shardId: string, sequenceNumber: string): Promise<boolean>
}

export interface Horizon {
  /** Returns the arrival time up to which every shard is applied, at most `nowMs`. */
  readUpTo(nowMs: number): Promise<number>
}
