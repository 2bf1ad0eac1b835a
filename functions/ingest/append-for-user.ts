// One user's share of a batch: the user's state and arrivals in, the state with them saved and what became of each out.

import pMap from 'p-map'
import { closeSessions } from '../close-sessions.ts'
import { eventBytes } from '../domain/events/event.ts'
import { evicted, stateExpiresAt, toClose } from '../domain/sessions/closing.ts'
import { affectedRanges } from '../domain/sessions/neighbours.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import { type Session, sessionId } from '../domain/sessions/session.ts'
import { timerFor } from '../domain/sessions/timers.ts'
import { apply, NEW_USER, planCapacity, refusalOf, type UserState } from '../domain/sessions/user-state.ts'
import { type DeadLetter, type SessionStore, type TimerStore, VersionConflictError } from '../ports.ts'
import { loadUser, onLatestState } from '../user-writes.ts'
import { type ArrivedEvent, deadLetter } from './decode-records.ts'
import { lastArrivalMs } from './schedule-timers.ts'

export interface UserOutcome {
  readonly accepted: number
  readonly duplicates: number
  readonly forgotten: number
  readonly amended: number
  readonly conflicts: number
  readonly refused: readonly DeadLetter[]
  /** The user's first record that was not applied, and why. */
  readonly failed: { readonly index: number; readonly cause: unknown } | null
}

/** Bytes of new events in one write: with the largest open session they still fit in one table item. */
const CHUNK_BYTES_MAX = 16 * 1024

type Totals = { -readonly [count in 'accepted' | 'duplicates' | 'forgotten' | 'amended' | 'conflicts']: number } & {
  readonly refused: DeadLetter[]
}

/** What a batch holds of one user. */
export interface UserShare {
  readonly user: string
  readonly loaded: UserState | undefined
  readonly arrivals: readonly ArrivedEvent[]
  /** The timer that the batch set for the user; infinity where it set none. */
  readonly timerMs: number
  /** See `notBefore`. */
  readonly notBeforeMs: number
}

export interface AppendPorts {
  readonly sessions: SessionStore
  readonly timers: Pick<TimerStore, 'put'>
}

/** What the writes of one user have in common. */
interface Appending {
  readonly user: string
  readonly sessions: SessionStore
  /** Sets the timer that writing the second state over the first needs. */
  readonly scheduleTimer: (before: UserState, after: UserState) => Promise<void>
  readonly rules: Rules
  readonly nowMs: number
  readonly totals: Totals
}

/** Never throws: what a user's trouble leaves undone is in `failed`, and the other users go on. */
export async function appendForUser(
  { user, loaded, arrivals, timerMs, notBeforeMs }: UserShare,
  { sessions, timers }: AppendPorts,
  rules: Rules,
  nowMs: number,
): Promise<UserOutcome> {
  const totals: Totals = { accepted: 0, duplicates: 0, forgotten: 0, amended: 0, conflicts: 0, refused: [] }
  const arrivedMs = lastArrivalMs(arrivals)
  const scheduleTimer = async (before: UserState, after: UserState): Promise<void> => {
    const atMs = timerFor(before, after, arrivedMs, notBeforeMs, rules)
    if (atMs !== null && atMs < timerMs) await timers.put([{ user, atMs }])
  }
  const appending: Appending = { user, sessions, scheduleTimer, rules, nowMs, totals }
  const chunks: (readonly ArrivedEvent[])[] = toChunks(arrivals, rules)
  let state = loaded ?? NEW_USER
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
    try {
      const { state: saved, rest } = await append(chunk, state, appending)
      chunks.unshift(...rest)
      state = await closeWhatLimitsDemand(chunk, saved, appending)
    } catch (cause) {
      return { ...totals, failed: { index: (chunk[0] as ArrivedEvent).index, cause } }
    }
  }
  return { ...totals, failed: null }
}

interface Appended {
  readonly state: UserState
  /** What of the chunk is still to be appended, since all of it would not fit at once. */
  readonly rest: readonly (readonly ArrivedEvent[])[]
}

async function append(
  chunk: readonly ArrivedEvent[],
  loaded: UserState,
  { user, sessions, scheduleTimer, rules, nowMs, totals }: Appending,
): Promise<Appended> {
  const expiresAtMs = stateExpiresAt(nowMs, rules)
  totals.conflicts--
  const { applied, state, rest } = await onLatestState(user, loaded, sessions, expiresAtMs, async (latest) => {
    totals.conflicts++
    let before = latest
    let near = await loadNeighbours(chunk, before, user, sessions, rules)
    const { batches, evictions } = planCapacity(before, near.closed, near.arrivals, rules)
    const [first = near.arrivals, ...others] = batches
    if (evictions.length > 0) {
      const closings = evicted(before, evictions, appliedToMs(chunk), rules)
      before = await closeSessions(user, before, closings, sessions, rules, nowMs)
      near = { ...near, closed: (await loadNeighbours(first, before, user, sessions, rules)).closed }
    }
    const applied = apply(before, near.closed, first, rules)
    const refused = [...applied.refused, ...near.refused.map((arrival) => ({ arrival, ...refusalOf(rules) }))]
    const state = applied.changed ? { ...applied.state, version: before.version + 1 } : before
    if (applied.changed) {
      await scheduleTimer(before, state)
      await sessions.saveUser(user, state, before.version, expiresAtMs)
    } else if (refused.length > 0) await checkIsLatest(user, before, sessions)
    return { applied: { ...applied, refused }, state, rest: [...others, ...near.later] }
  })
  totals.accepted += applied.accepted
  totals.duplicates += applied.duplicates
  totals.forgotten += applied.forgotten
  totals.amended += applied.amended
  for (const { arrival, reason, detail } of applied.refused) {
    const { record, origin } = arrival as ArrivedEvent
    totals.refused.push(deadLetter(record, origin, reason, detail))
  }
  return { state, rest }
}

/** A write would tell that another writer was first; a refusal writes nothing, and is as final. */
async function checkIsLatest(user: string, state: UserState, sessions: SessionStore): Promise<void> {
  const latest = await loadUser(user, sessions)
  if (latest.version !== state.version) throw new VersionConflictError(user, latest.version)
}

/** What is looked at before one write: arrivals that lie further apart than this many gaps are taken one after the other. */
const RANGES_AT_ONCE = 16
const RANGES_LOADED_AT_ONCE = 4

interface Neighbours {
  /** Of the chunk, what can be applied now, with the closed sessions near it. */
  readonly arrivals: readonly ArrivedEvent[]
  readonly closed: readonly Session[]
  readonly later: readonly (readonly ArrivedEvent[])[]
  /** Around one of these lies more than can ever be loaded. */
  readonly refused: readonly ArrivedEvent[]
}

async function loadNeighbours(
  chunk: readonly ArrivedEvent[],
  state: UserState,
  user: string,
  sessions: SessionStore,
  rules: Rules,
): Promise<Neighbours> {
  const ranges = affectedRanges(state, chunk, rules)
  const now = ranges.slice(0, RANGES_AT_ONCE)
  const loaded = await pMap(now, (range) => sessions.loadClosed(user, range), { concurrency: RANGES_LOADED_AT_ONCE })
  const tooMuch = now.filter((_, n) => loaded[n] === null).map(({ arrivals }) => arrivals)
  const far = ranges.slice(RANGES_AT_ONCE).flatMap(({ arrivals }) => arrivals)
  const later = [...tooMuch.filter(({ length }) => length > 1).flatMap(halves), far].filter(({ length }) => length > 0)
  const refused = tooMuch.filter(({ length }) => length === 1).flat()
  const others = new Set([...later.flat(), ...refused])
  const closed = new Map(loaded.flatMap((found) => found ?? []).map((session) => [sessionId(session), session]))
  return { arrivals: chunk.filter((arrival) => !others.has(arrival)), closed: [...closed.values()], later, refused }
}

function halves<T>(all: readonly T[]): (readonly T[])[] {
  const middle = all.length >> 1
  return [all.slice(0, middle), all.slice(middle)]
}

/** What of this shard is applied so far. Not the time of day: that may be hours ahead of a shard that lags. */
function appliedToMs(chunk: readonly ArrivedEvent[]): number {
  return (chunk[chunk.length - 1] as ArrivedEvent).arrivalMs
}

/** At once, before the next chunk, so that a flood of one user's events never makes a large item. */
async function closeWhatLimitsDemand(
  chunk: readonly ArrivedEvent[],
  saved: UserState,
  { user, sessions, rules, nowMs }: Appending,
): Promise<UserState> {
  const atMs = appliedToMs(chunk)
  if (toClose(saved, atMs, rules, 'limits').length === 0) return saved
  return onLatestState(user, saved, sessions, stateExpiresAt(nowMs, rules), async (state) => {
    const closings = toClose(state, atMs, rules, 'limits')
    return closings.length === 0 ? state : closeSessions(user, state, closings, sessions, rules, nowMs)
  })
}

/** In order, each small enough for one write. */
function toChunks(arrivals: readonly ArrivedEvent[], rules: Rules): ArrivedEvent[][] {
  const chunks: ArrivedEvent[][] = []
  let chunk: ArrivedEvent[] = []
  let bytes = 0
  for (const arrival of arrivals) {
    const size = eventBytes(arrival.event)
    if (chunk.length > 0 && (bytes + size > CHUNK_BYTES_MAX || chunk.length === rules.maxSessionEvents)) {
      chunks.push(chunk)
      chunk = []
      bytes = 0
    }
    chunk.push(arrival)
    bytes += size
  }
  if (chunk.length > 0) chunks.push(chunk)
  return chunks
}
