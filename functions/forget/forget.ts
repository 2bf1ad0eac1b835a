// Erases all that the tables and the dead letters store of a user, so that nothing sent before that
// moment comes back.

import pMap from 'p-map'
import { type ResultRow, rowTime } from '../domain/results/result.ts'
import { DELIVERY_MS_MAX, stateExpiresAt } from '../domain/sessions/closing.ts'
import { type Forgotten, mergeForgotten } from '../domain/sessions/forgotten.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import { sessionId } from '../domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../domain/sessions/user-state.ts'
import { type DeadLetterStore, type SessionStore, VersionConflictError } from '../ports.ts'
import { type RowRemovalPorts, removeRows } from '../row-removal.ts'
import { type UserWrites, userWrites } from '../user-writes.ts'

export interface ForgetPorts extends RowRemovalPorts {
  readonly sessions: SessionStore
  readonly deadLetters: DeadLetterStore
  /** Returns the name under which the tables store a user. */
  readonly pseudonym: (user: string) => string
}

export interface ForgetSettings {
  readonly rules: Rules
  /** How long the bucket stores a dead letter at most, so how long it can be redriven. */
  readonly deadLetterRetentionMs: number
}

export interface ForgetReport {
  /** Sessions that were erased, open ones too. */
  readonly sessions: number
  readonly rows: number
  readonly deadLetters: number
  /** Dead letters that may be of any user, because nothing in them can be read. */
  readonly unreadable: number
  /** Until when the state remembers that the user is forgotten. */
  readonly untilMs: number
}

const WRITES_AT_ONCE = 16

/**
 * Forgets everything of the user that happened or arrived at or before `nowMs`. After a crash or an
 * error, run it again: it does the rest, and to repeat it is harmless.
 *
 * The order is what makes it safe:
 * 1. The state. The next save of a writer with an older state fails, and that writer then drops
 *    what is from before.
 * 2. Tombstones in place of the closed sessions. They refuse older copies, and finalize
 *    removes the rows of a session that gets one.
 * 3. The rows. A row tombstone in place of each refuses a late write of it.
 * 4. The blocks of earlier states, which no writer needs any more, and the dead letters.
 *
 * The user's timers stay until they fire, because a session that begins after the moment may need
 * one.
 *
 * @param person the user id as producers send it.
 */
export async function forget(
  person: string,
  ports: ForgetPorts,
  { rules, deadLetterRetentionMs }: ForgetSettings,
  nowMs: number,
): Promise<ForgetReport> {
  const user = ports.pseudonym(person)
  const moment = { atMs: nowMs, untilMs: nowMs + DELIVERY_MS_MAX + deadLetterRetentionMs }
  const writes = userWrites(user, ports.sessions, (written) => expiresAt(written, moment.untilMs, nowMs, rules))
  const state = await forgetState(writes, ports.sessions, moment)
  const { version, forgotten } = state
  const sessions = await putTombstones(writes, ports.sessions, state)
  // Where an operator deleted a damaged state, versions began again, so old rows can have higher
  // ones.
  const isFromBefore = (row: ResultRow): boolean => row.version < version || rowTime(row) <= forgotten.atMs
  // A finalizer that still runs may write rows after this. The tombstones of the sessions reach
  // finalize too, as changes, and such a change removes the rows of its session.
  const rows = await removeRows(user, isFromBefore, ports, nowMs)
  await ports.sessions.eraseBlocks(user, version)
  const { removed, unreadable } = await ports.deadLetters.erase(person, user, forgotten.atMs)
  return { sessions, rows, deadLetters: removed, unreadable, untilMs: forgotten.untilMs }
}

interface ForgottenState {
  /** Above every version from before the moment, and below every version after it. */
  readonly version: number
  readonly forgotten: Forgotten
  /** Ids of the sessions that were open. */
  readonly openIds: readonly string[]
}

/**
 * The state outlives the tombstones, which it must count on from. That of a user who came back
 * meanwhile outlives the rows, as any other.
 */
function expiresAt(written: UserState, untilMs: number, nowMs: number, rules: Rules): number {
  const emptyExpiresAtMs = Math.max(untilMs, written.forgotten?.untilMs ?? 0) + DELIVERY_MS_MAX
  return written.skewMs === null ? emptyExpiresAtMs : Math.max(emptyExpiresAtMs, stateExpiresAt(written, nowMs, rules))
}

async function forgetState(
  writes: UserWrites,
  sessions: SessionStore,
  moment: Omit<Forgotten, 'pendingTombstones'>,
): Promise<ForgottenState> {
  return writes.onLatestState(await writes.load(), async (state) => {
    const pendingTombstones = state.open.flatMap((session) => session.ids)
    const forgotten = mergeForgotten(state.forgotten, { ...moment, pendingTombstones })
    const version = 1 + Math.max(state.version, await highestClosedVersion(writes.user, sessions))
    await writes.save({ ...NEW_USER, version, forgotten }, state.version)
    return { version, forgotten, openIds: state.open.map(sessionId) }
  })
}

/** A closed session is ahead of its user's state if an operator deleted a damaged state. */
async function highestClosedVersion(user: string, sessions: SessionStore): Promise<number> {
  let highest = 0
  for await (const page of sessions.closedVersions(user)) {
    for (const { version } of page) highest = Math.max(highest, version)
  }
  return highest
}

/**
 * Puts tombstones for all closed sessions and for the sessions that were open. It puts older
 * tombstones again, because they must last as long.
 *
 * @returns how many sessions it erased.
 */
async function putTombstones(writes: UserWrites, sessions: SessionStore, state: ForgottenState): Promise<number> {
  const { user } = writes
  const { version, forgotten, openIds } = state
  const ids = new Set(forgotten.pendingTombstones)
  const erased = new Set(openIds)
  for await (const page of sessions.closedVersions(user)) {
    for (const closed of page) {
      if (closed.version >= version) continue
      if (!closed.isTombstone && !ids.has(closed.id)) erased.add(closed.id)
      ids.add(closed.id)
    }
  }
  await pMap(ids, (id) => putTombstone(user, id, version, forgotten.untilMs, sessions), {
    concurrency: WRITES_AT_ONCE,
  })
  await clearPendingTombstones(writes, ids)
  return erased.size
}

async function putTombstone(
  user: string,
  id: string,
  version: number,
  untilMs: number,
  sessions: SessionStore,
): Promise<void> {
  try {
    await sessions.putTombstone(user, id, version, untilMs)
  } catch (error) {
    // A newer version belongs to a session after the moment, or to a later `forget`.
    if (!(error instanceof VersionConflictError)) throw error
  }
}

async function clearPendingTombstones(writes: UserWrites, ids: ReadonlySet<string>): Promise<void> {
  await writes.onLatestState(await writes.load(), async (state) => {
    const { forgotten } = state
    if (!forgotten?.pendingTombstones.some((id) => ids.has(id))) return
    const pendingTombstones = forgotten.pendingTombstones.filter((id) => !ids.has(id))
    const next: UserState = { ...state, version: state.version + 1, forgotten: { ...forgotten, pendingTombstones } }
    await writes.save(next, state.version)
  })
}
