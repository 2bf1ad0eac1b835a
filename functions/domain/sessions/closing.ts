// Closing (C2, C3, C5): a user's state and the present moment in, the sessions to close and the state without them out.

import { reach, STATE_BYTES_MAX, totalBytes, totalBytesAtMost } from './amending.ts'
import { type CloseReason, closeReason, isDue, watermark } from './clock.ts'
import type { Rules } from './rules.ts'
import { type Session, sessionBytes } from './session.ts'
import type { UserState } from './user-state.ts'

export interface Closing {
  readonly session: Session
  readonly reason: CloseReason
}

/**
 * Which open sessions to close: `limits` what a limit demands at once, `due` what is due besides, `all` everything.
 */
export type Scope = 'limits' | 'due' | 'all'

/** Open sessions of more bytes than this make every append dear, so due ones are not left for the next sweep. */
const CROWDED_BYTES = 32 * 1024

/**
 * The open sessions to close, oldest first. Closing never changes what a session is, only when its result is written.
 * Where all open sessions together would pass what one table item holds, the oldest go whatever their age.
 *
 * With late events diverted only the sweeper, who has looked at every shard, says what is final.
 *
 * @param atMs the arrival time up to which everything that may belong to these sessions is applied.
 */
export function toClose(state: UserState, atMs: number, rules: Rules, scope: Scope): Closing[] {
  const { skewMs } = state
  if (skewMs === null) return []
  const watermarkMs = watermark(atMs, skewMs, rules)
  // Nearly always so little that it need not be counted.
  const isLittle = totalBytesAtMost(state.open) <= CROWDED_BYTES
  if (scope === 'limits' && isLittle && state.open.every(({ limitedBy }) => limitedBy === null)) return []
  let bytes = isLittle ? 0 : totalBytes(state.open)
  const chosen = state.open.filter((session) => {
    const isUrgent = rules.lateEvents === 'amend' && (session.limitedBy !== null || bytes > CROWDED_BYTES)
    const isDueNow = (scope === 'due' || isUrgent) && isDue(session, watermarkMs, rules)
    const isChosen = scope === 'all' || isDueNow || bytes > STATE_BYTES_MAX
    if (isChosen && !isLittle) bytes -= sessionBytes(session)
    return isChosen
  })
  return closing(state, chosen, scope, watermarkMs, rules)
}

/** Sessions to close whatever their age, to make room. */
export function evicted(state: UserState, sessions: readonly Session[], atMs: number, rules: Rules): Closing[] {
  return state.skewMs === null ? [] : closing(state, sessions, 'limits', watermark(atMs, state.skewMs, rules), rules)
}

function closing(
  state: UserState,
  chosen: readonly Session[],
  scope: Scope,
  watermarkMs: number,
  rules: Rules,
): Closing[] {
  const latest = state.open.at(-1)
  return chosen.map((session) => {
    const reason = closeReason(session, session === latest, watermarkMs, rules)
    // To make room, before its gap has passed: if it goes on, that amends it.
    return { session, reason: reason === 'drain' && scope !== 'all' ? 'gap' : reason }
  })
}

/** The state once these sessions are stored as closed. */
export function withoutClosed(state: UserState, closings: readonly Closing[], rules: Rules): UserState {
  const closed = new Set(closings.map((closing) => closing.session))
  const reaches = [...closed].map((session) => reach(session, rules))
  const open = state.open.filter((session) => !closed.has(session))
  const lastAffectingTimeMs = Math.max(state.lastAffectingTimeMs ?? Number.NEGATIVE_INFINITY, ...reaches)
  return { ...state, open, lastAffectingTimeMs }
}

/** Longer than a stream keeps a record: a closed session outlives every delivery of an event that may amend it. */
export const DELIVERY_MS_MAX = 8 * 24 * 60 * 60 * 1000

/** Until when a session closed now has to be kept. Later, an event that belongs to it is refused as too late. */
export function closedExpiresAt(nowMs: number, rules: Rules): number {
  return nowMs + rules.gapMs + rules.latenessMs + rules.amendForMs + DELIVERY_MS_MAX
}

/** Until when the state of a user without open sessions has to be kept: it outlives every closed session it knows of. */
export function stateExpiresAt(nowMs: number, rules: Rules): number {
  return closedExpiresAt(nowMs, rules) + DELIVERY_MS_MAX
}
