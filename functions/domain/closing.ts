// Closing (C2, C3, C5): a user's state and the present moment in, the sessions to close and the state without them out.

import { type CloseReason, closeReason, isDue, watermark } from './clock.ts'
import type { Rules } from './rules.ts'
import type { Session } from './session.ts'
import { armed, reach, STATE_BYTES_MAX, sessionBytes, type UserState } from './user-state.ts'

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
 */
export function toClose(state: UserState, nowMs: number, rules: Rules, scope: Scope): Closing[] {
  const { skewMs } = state
  if (skewMs === null) return []
  const watermarkMs = watermark(nowMs, skewMs, rules)
  let bytes = state.open.reduce((sum, session) => sum + sessionBytes(session), 0)
  const closings: Closing[] = []
  for (const session of state.open) {
    const closesWhenDue = scope === 'due' || session.cut !== null || bytes > CROWDED_BYTES
    const isDueNow = closesWhenDue && isDue(session, watermarkMs, rules)
    const isTooMuch = bytes > STATE_BYTES_MAX
    if (scope !== 'all' && !isDueNow && !isTooMuch) continue
    const reason = closeReason(session, watermarkMs, rules)
    closings.push({ session, reason: reason === 'drain' && scope !== 'all' ? 'max_events' : reason })
    bytes -= sessionBytes(session)
  }
  return closings
}

/** The state once these sessions are stored as closed. */
export function withoutClosed(state: UserState, closings: readonly Closing[], rules: Rules): UserState {
  const closed = new Set(closings.map((closing) => closing.session))
  const reaches = [...closed].map((session) => reach(session, rules))
  const open = state.open.filter((session) => !closed.has(session))
  const closedReachMs = Math.max(state.closedReachMs ?? Number.NEGATIVE_INFINITY, ...reaches)
  return armed({ ...state, open, closedReachMs, armedAtMs: null }, rules)
}

/** Longer than a stream keeps a record: a closed session outlives every delivery of an event that may amend it. */
const DELIVERY_MS_MAX = 8 * 24 * 60 * 60 * 1000

/** Until when a session closed now has to be kept. Later, an event that belongs to it is refused as too late. */
export function keepClosedUntil(nowMs: number, rules: Rules): number {
  return nowMs + rules.gapMs + rules.latenessMs + rules.amendForMs + DELIVERY_MS_MAX
}

/** Until when the state of a user without open sessions has to be kept: it outlives every closed session it knows of. */
export function keepStateUntil(nowMs: number, rules: Rules): number {
  return keepClosedUntil(nowMs, rules) + DELIVERY_MS_MAX
}
