// Chooses which open sessions close now, and for which reason (C2, C3, C5).

import { DAY_MS } from '../durations.ts'
import { lastAffectingTime } from './amending.ts'
import { type CloseReason, closeReason, isDue, watermark } from './clock.ts'
import { withClosedIds } from './closed-ids.ts'
import type { Rules } from './rules.ts'
import type { Session } from './session.ts'
import { OPEN_SESSIONS_MAX, openBytes, STATE_BYTES_MAX, totalBytes, totalBytesAtMost } from './state-size.ts'
import type { UserState } from './user-state.ts'

export interface Closing {
  readonly session: Session
  readonly reason: CloseReason
}

/**
 * Which open sessions to close. Ingest closes the `limits`: sessions that a limit ended, or that a
 * crowded state cannot hold. The sweeper closes these and what is `due`, and a drain closes `all`.
 */
export type Scope = 'limits' | 'due' | 'all'

/**
 * Ingest closes due sessions of a state above this size, because every append rewrites the state.
 * It does so too when more sessions are open than a user may have.
 */
const CROWDED_BYTES = 32 * 1024

/**
 * Chooses the open sessions to close, oldest first. Closing a session decides when its result is
 * published and never changes the result.
 *
 * If more sessions are open than a user may have, or more than the user's item can hold, the oldest
 * close whether due or not. With late events diverted ingest closes none for any other reason: a
 * published result is final, and only the sweeper knows how far every shard is applied (C7).
 *
 * @param atMs the arrival time up to which every event that may belong to these sessions is
 *   applied.
 */
export function toClose(state: UserState, atMs: number, rules: Rules, scope: Scope): Closing[] {
  const { skewMs } = state
  if (skewMs === null) return []
  const watermarkMs = watermark(atMs, skewMs, rules)
  const areTooMany = state.open.length > OPEN_SESSIONS_MAX
  // Nearly every state is this small, and then the exact sum is not needed.
  const isSmall = !areTooMany && totalBytesAtMost(state.open) <= CROWDED_BYTES
  if (scope === 'limits' && isSmall && state.open.every(({ limitedBy }) => limitedBy === null)) return []
  let bytes = isSmall ? 0 : totalBytes(state.open)
  let count = state.open.length
  const chosen = state.open.filter((session) => {
    const isCrowded = areTooMany || bytes > CROWDED_BYTES
    const isUrgent = rules.lateEvents === 'amend' && (session.limitedBy !== null || isCrowded)
    const isDueNow = (scope === 'due' || isUrgent) && isDue(session, watermarkMs, rules)
    const isChosen = scope === 'all' || isDueNow || bytes > STATE_BYTES_MAX || count > OPEN_SESSIONS_MAX
    if (isChosen) count--
    if (isChosen && !isSmall) bytes -= openBytes(session)
    return isChosen
  })
  return withReasons(state, chosen, scope, watermarkMs, rules)
}

/** Whether so many sessions are open that some must close before further events join. */
export function isOverfull({ open }: UserState): boolean {
  if (open.length > OPEN_SESSIONS_MAX) return true
  return totalBytesAtMost(open) > STATE_BYTES_MAX && totalBytes(open) > STATE_BYTES_MAX
}

/** Closes sessions whether they are due or not, because the user's item cannot hold them. */
export function evicted(state: UserState, sessions: readonly Session[], atMs: number, rules: Rules): Closing[] {
  if (state.skewMs === null) return []
  return withReasons(state, sessions, 'limits', watermark(atMs, state.skewMs, rules), rules)
}

function withReasons(
  state: UserState,
  chosen: readonly Session[],
  scope: Scope,
  watermarkMs: number,
  rules: Rules,
): Closing[] {
  const latest = state.open.at(-1)
  return chosen.map((session) => {
    const reason = closeReason(session, session === latest, watermarkMs, rules)
    // An evicted session closes before its gap has passed. If it goes on, the next event amends it.
    return { session, reason: reason === 'drain' && scope !== 'all' ? 'gap' : reason }
  })
}

/** The state once these sessions are stored as closed. */
export function withoutClosed(state: UserState, closings: readonly Closing[], rules: Rules): UserState {
  const closed = new Set(closings.map((closing) => closing.session))
  const affectingTimesMs = [...closed].map((session) => lastAffectingTime(session, rules))
  const open = state.open.filter((session) => !closed.has(session))
  const lastAffectingTimeMs = Math.max(state.lastAffectingTimeMs ?? Number.NEGATIVE_INFINITY, ...affectingTimesMs)
  return { ...state, open, lastAffectingTimeMs, closedIds: withClosedIds(state.closedIds, [...closed], open, rules) }
}

/**
 * A day longer than the longest stream retention that can be set. After this time, no delivery can
 * need the session.
 */
export const DELIVERY_MS_MAX = 8 * DAY_MS

/** When a session that closes now may expire. An event for it is too late from then on (C6). */
export function closedExpiresAt(nowMs: number, rules: Rules): number {
  return nowMs + rules.gapMs + rules.latenessMs + rules.amendForMs + DELIVERY_MS_MAX
}

/**
 * When a state that is written now may expire. The state of a user without open sessions is small,
 * and outlives every row of the user: its version and its clock order what comes later. A state
 * with an open session never expires, but its blocks do, soon after that session could have closed.
 */
export function stateExpiresAt({ open }: Pick<UserState, 'open'>, nowMs: number, rules: Rules): number {
  const afterClosedMs = closedExpiresAt(nowMs, rules) + DELIVERY_MS_MAX
  return open.length > 0 ? afterClosedMs : afterClosedMs + rules.resultRetentionMs
}
