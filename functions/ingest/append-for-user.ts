// Writes one user's share of a batch and reports what became of each event.

import type { Digest } from '../domain/events/event.ts'
import { lastOf, type NonEmpty } from '../domain/non-empty.ts'
import { evicted, isOverfull, toClose } from '../domain/sessions/closing.ts'
import type { RejectedArrival } from '../domain/sessions/rejected-arrivals.ts'
import type { Applied, UserState } from '../domain/sessions/user-state.ts'
import { type DeadLetters, type TimerStore, VersionConflictError } from '../ports.ts'
import type { SessionWrites } from '../user-writes.ts'
import type { ArrivedEvent } from './decode-records.ts'
import { type BlockedWrite, type PreparedWrite, prepareWrite, type ReadyWrite, unblockWrite } from './prepare-write.ts'
import { timerOfWrite } from './schedule-timers.ts'
import {
  displacedDeadLetter,
  failedOutcome,
  newOutcome,
  OutOfTimeError,
  toDeadLetter,
  type UserOutcome,
} from './user-outcome.ts'
import type { UserShare } from './user-share.ts'

/** A share whose first write is computed and not yet stored. */
export interface PreparedShare {
  readonly share: UserShare
  /** The write of the first chunk, or the reason why it cannot be computed. */
  readonly first: PreparedWrite | { readonly failure: unknown }
  /**
   * When the timer of the first write must fire; null when it needs none or is not computed yet.
   */
  readonly timerMs: number | null
}

/** Never throws: `appendForUser` reports the failure. */
export async function prepareShare(share: UserShare): Promise<PreparedShare> {
  try {
    const first = await prepareWrite(share.chunks[0], share.loaded, share.writes)
    const timerMs = first.applied === null ? null : timerOfWrite(first.before, first.applied.state, share)
    return { share, first, timerMs }
  } catch (failure) {
    return { share, first: { failure }, timerMs: null }
  }
}

interface AppendPorts {
  readonly timers: Pick<TimerStore, 'put'>
  readonly deadLetters: DeadLetters
  readonly digest: Digest
  readonly hasTime: () => boolean
}

/**
 * Stores the share chunk by chunk. The caller must have put the share's timer. A write that needs
 * an earlier timer puts it before the state. Never throws: a failure ends the writes of this user
 * only, and `failed` reports it. When the user's stored items are damaged, the events become
 * dead letters instead, so that the shard goes on.
 */
export async function appendForUser(
  { share, first, timerMs }: PreparedShare,
  ports: AppendPorts,
): Promise<UserOutcome> {
  const { writes } = share
  const appending: Appending = { ports, share, scheduledMs: timerMs ?? Number.POSITIVE_INFINITY }
  const totals = newOutcome()
  const chunks: NonEmpty<ArrivedEvent>[] = [...share.chunks]
  let prepared = 'failure' in first ? null : first
  let state = share.loaded
  try {
    if ('failure' in first) throw first.failure
    // A chunk leaves the list once all of it is stored, so a failure finds the others there.
    for (let chunk = chunks[0]; chunk !== undefined; chunk = chunks[0]) {
      const appliedToMs = lastOf(chunk).arrivalMs
      if (!ports.hasTime()) throw new OutOfTimeError()
      if (isOverfull(state)) {
        // The state may be recalled, and an outdated one must close nothing.
        state = await closeAtLimits(await writes.load(), appliedToMs, writes)
        if (isOverfull(state)) throw new OutOfTimeError()
        prepared = null
      }
      const { applied, rejected, later, next } = await append(chunk, state, prepared, appending)
      totals.accepted += applied.accepted
      totals.duplicates += applied.duplicates
      totals.forgotten += applied.forgotten
      totals.amended += applied.amended
      totals.displaced += applied.displaced.length
      for (const each of rejected) totals.rejected.push(toDeadLetter(each))
      prepared = null
      state = await closeAtLimits(next, appliedToMs, writes)
      chunks.splice(0, 1, ...later)
    }
  } catch (cause) {
    totals.conflicts = writes.conflicts()
    return failedOutcome(cause, chunks.flat(), totals)
  }
  totals.conflicts = writes.conflicts()
  return totals
}

/** The values that all writes of one share use. */
interface Appending {
  readonly ports: AppendPorts
  readonly share: UserShare
  /** When the timer fires that the batch has put for the user; infinity if it has put none. */
  readonly scheduledMs: number
}

interface AppendedChunk {
  readonly applied: Applied
  readonly rejected: readonly RejectedArrival[]
  readonly later: PreparedWrite['later']
  /** The state as it is stored now. */
  readonly next: UserState
}

/**
 * @param prepared the chunk's write on the loaded state, if it is computed already. After a
 * conflict, the chunk's write is computed anew.
 */
function append(
  chunk: NonEmpty<ArrivedEvent>,
  loaded: UserState,
  prepared: PreparedWrite | null,
  appending: Appending,
): Promise<AppendedChunk> {
  const { writes } = appending.share
  let computed = prepared
  return writes.onLatestState(loaded, async (latest) => {
    const write = computed ?? (await prepareWrite(chunk, latest, writes))
    computed = null
    return storeWrite(write, chunk, appending)
  })
}

/**
 * Closes evicted sessions, then puts the timer and the dead letters of displaced copies, then saves
 * the state: a crash in between is safe.
 */
async function storeWrite(
  prepared: PreparedWrite,
  chunk: NonEmpty<ArrivedEvent>,
  { share, ports: { timers, deadLetters, digest }, scheduledMs }: Appending,
): Promise<AppendedChunk> {
  const { writes } = share
  const write = prepared.applied === null ? await evict(prepared, lastOf(chunk).arrivalMs, writes) : prepared
  const { before, applied, later } = write
  const rejected = write.rejected.length === 0 ? applied.rejected : [...write.rejected, ...applied.rejected]
  if (!applied.changed) {
    await checkIsLatest(before, writes)
    return { applied, rejected, later, next: before }
  }
  const next = { ...applied.state, version: before.version + 1 }
  const atMs = timerOfWrite(before, next, share)
  if (atMs !== null && atMs < scheduledMs) await timers.put([{ user: writes.user, atMs }])
  const arrivalMs = lastOf(chunk).arrivalMs
  const displaced = applied.displaced.map((event) => displacedDeadLetter(writes.user, event, arrivalMs, digest))
  if (displaced.length > 0) {
    await checkIsLatest(before, writes)
    await deadLetters.put(displaced)
  }
  await writes.save(next, before.version)
  return { applied, rejected, later, next }
}

async function evict(blocked: BlockedWrite, appliedToMs: number, writes: SessionWrites): Promise<ReadyWrite> {
  await checkIsLatest(blocked.before, writes)
  const closings = evicted(blocked.before, blocked.evictions, appliedToMs, writes.rules)
  const left = await writes.closeSessions(blocked.before, closings)
  if (left.open.length > blocked.before.open.length - closings.length) throw new OutOfTimeError()
  return unblockWrite(blocked, left, writes)
}

/**
 * Throws VersionConflictError when a newer state is stored. A version protects only the save of a
 * state. This check protects what comes before a save, and outcomes that save nothing, such as
 * rejections and duplicates.
 */
async function checkIsLatest(state: UserState, writes: SessionWrites): Promise<void> {
  const latest = await writes.load()
  if (latest.version !== state.version) throw new VersionConflictError(writes.user, latest.version)
}

/**
 * Closes the sessions that a limit ended, before the next chunk is applied. So a flood of one
 * user's events never fills an item. When the time is up, it leaves some of them.
 *
 * @param appliedToMs the arrival time up to which the shard is applied. The time of day may be
 * hours ahead of that.
 */
async function closeAtLimits(saved: UserState, appliedToMs: number, writes: SessionWrites): Promise<UserState> {
  const { rules } = writes
  if (toClose(saved, appliedToMs, rules, 'limits').length === 0) return saved
  return writes.onLatestState(saved, (state) =>
    writes.closeSessions(state, toClose(state, appliedToMs, rules, 'limits')),
  )
}
