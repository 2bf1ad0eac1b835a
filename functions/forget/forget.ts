// Forget: a person and a moment in; nothing left of them from before it, and whatever of that still comes is dropped.

import pMap from 'p-map'
import { type ResultRow, rowTime } from '../domain/results/result.ts'
import { hourOf } from '../domain/results/rollup.ts'
import { DELIVERY_MS_MAX } from '../domain/sessions/closing.ts'
import { type Forgotten, mergeForgotten } from '../domain/sessions/forgotten.ts'
import { sessionId } from '../domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../domain/sessions/user-state.ts'
import {
  type DeadLetterStore,
  type DirtyHours,
  type ResultStore,
  type SessionStore,
  VersionConflictError,
} from '../ports.ts'
import { loadUser, onLatestState } from '../user-writes.ts'

export interface ForgetPorts {
  readonly sessions: SessionStore
  readonly results: Pick<ResultStore, 'rowsOf' | 'remove'>
  readonly dirtyHours: Pick<DirtyHours, 'mark'>
  readonly deadLetters: DeadLetterStore
  /** What the tables know the person as. */
  readonly pseudonym: (user: string) => string
}

export interface ForgetSettings {
  /** How long a dead letter lies in its bucket at most: it can be sent again until then. */
  readonly deadLetterRetentionMs: number
}

export interface ForgetReport {
  readonly sessions: number
  readonly rows: number
  readonly deadLetters: number
  /** Dead letters that nobody can tell whose they are. */
  readonly unreadable: number
  /** Until when the user is known as forgotten. */
  readonly untilMs: number
}

const WRITES_AT_ONCE = 16
/** A finalizer under way may write rows behind a round. It takes them back itself. */
const ROUNDS_MAX = 10

/**
 * The state first: whoever holds an older one loses the next race, and drops what is from before. Then the closed
 * sessions become marks, which keep older copies out and make a finalizer take back what it is about to write; so the
 * rows go after them. Blocks are for nothing by then. TimerStore stay until somebody has looked, since one may be for the life
 * after. Interrupted anywhere, the same again does the rest; doing it again does no harm.
 */
export async function forget(
  person: string,
  ports: ForgetPorts,
  { deadLetterRetentionMs }: ForgetSettings,
  nowMs: number,
): Promise<ForgetReport> {
  const user = ports.pseudonym(person)
  const now = { atMs: nowMs, untilMs: nowMs + DELIVERY_MS_MAX + deadLetterRetentionMs }
  const { version, forgotten, openIds } = await forgetState(user, ports.sessions, now)
  const sessions = await putTombstones(user, ports.sessions, { version, forgotten, openIds })
  const rows = await removeRows(user, ports, version, forgotten.atMs, nowMs)
  await ports.sessions.eraseBlocks(user, version)
  const { removed, unreadable } = await ports.deadLetters.erase(person, user, forgotten.atMs)
  return { sessions, rows, deadLetters: removed, unreadable, untilMs: forgotten.untilMs }
}

interface ForgottenState {
  /** Above that of everything from before, below that of everything after. */
  readonly version: number
  readonly forgotten: Forgotten
  /** Of the sessions that were open. */
  readonly openIds: readonly string[]
}

async function forgetState(
  user: string,
  sessions: SessionStore,
  now: Omit<Forgotten, 'pendingTombstones'>,
): Promise<ForgottenState> {
  const loaded = await loadUser(user, sessions)
  return onLatestState(user, loaded, sessions, now.untilMs, async (state) => {
    const pendingTombstones = state.open.flatMap((session) => session.ids)
    const forgotten = mergeForgotten(state.forgotten, { ...now, pendingTombstones })
    const version = 1 + Math.max(state.version, await highestVersion(user, sessions))
    await sessions.saveUser(user, { ...NEW_USER, version, forgotten }, state.version, forgotten.untilMs)
    return { version, forgotten, openIds: state.open.map(sessionId) }
  })
}

/** Above the state's where that has expired before a closed session did. */
async function highestVersion(user: string, sessions: SessionStore): Promise<number> {
  let highest = 0
  for await (const page of sessions.closedVersions(user)) {
    for (const { version } of page) highest = Math.max(highest, version)
  }
  return highest
}

/** Marks for all that is closed, older marks too, since they have to last as long; and for what was open. */
async function putTombstones(user: string, sessions: SessionStore, state: ForgottenState): Promise<number> {
  const { version, forgotten, openIds } = state
  const ids = new Set(forgotten.pendingTombstones)
  const removed = new Set(openIds)
  for await (const page of sessions.closedVersions(user)) {
    for (const closed of page) {
      if (closed.version >= version) continue
      if (!closed.isTombstone && !ids.has(closed.id)) removed.add(closed.id)
      ids.add(closed.id)
    }
  }
  await pMap(ids, (id) => mark(user, id, version, forgotten.untilMs, sessions), { concurrency: WRITES_AT_ONCE })
  await clearPendingTombstones(user, ids, sessions, forgotten.untilMs)
  return removed.size
}

async function mark(user: string, id: string, version: number, untilMs: number, sessions: SessionStore): Promise<void> {
  try {
    await sessions.putTombstone(user, id, version, untilMs)
  } catch (error) {
    // What is newer is of the user's life after the moment, or of a later forgetting.
    if (!(error instanceof VersionConflictError)) throw error
  }
}

async function clearPendingTombstones(
  user: string,
  ids: ReadonlySet<string>,
  sessions: SessionStore,
  untilMs: number,
): Promise<void> {
  const loaded = await loadUser(user, sessions)
  await onLatestState(user, loaded, sessions, untilMs, async (state) => {
    const { forgotten } = state
    if (!forgotten?.pendingTombstones.some((id) => ids.has(id))) return
    const pendingTombstones = forgotten.pendingTombstones.filter((id) => !ids.has(id))
    const next: UserState = { ...state, version: state.version + 1, forgotten: { ...forgotten, pendingTombstones } }
    await sessions.saveUser(user, next, state.version, untilMs)
  })
}

async function removeRows(
  user: string,
  { results, dirtyHours }: Pick<ForgetPorts, 'results' | 'dirtyHours'>,
  version: number,
  atMs: number,
  nowMs: number,
): Promise<number> {
  // Rows outlive all else of a user, so versions may have begun anew since they were written.
  const isFromBefore = (row: ResultRow): boolean => row.version < version || rowTime(row) <= atMs
  let removed = 0
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let found = 0
    for await (const rows of results.rowsOf(user)) {
      const old = rows.filter(isFromBefore)
      // Before they go too: after a crash in between there would be no row left to tell the hour.
      const hours = [...new Set(old.map(hourOf))].map((of) => ({ kind: 'hour', of, atMs: nowMs }) as const)
      await dirtyHours.mark(hours)
      await pMap(old, (row) => results.remove(row, row.version + 1), { concurrency: WRITES_AT_ONCE })
      await dirtyHours.mark(hours)
      found += old.length
    }
    if (found === 0) return removed
    removed += found
  }
  throw new Error('rows come back again and again: is a finalizer stuck?')
}
