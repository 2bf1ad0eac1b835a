// Decides by a user's clock which events are late and when a session is due (C1, C2).

import type { Event } from '../events/event.ts'
import type { Rules } from './rules.ts'
import { lastEvent, lastJoiningTime, type Session, type SessionLimit } from './session.ts'

export type CloseReason = 'gap' | 'app_close' | 'timeout' | SessionLimit | 'drain'

/** The largest (event time - arrival time) of a user so far; null before the first event. */
export type Skew = number | null

export function laterSkew(skew: Skew, event: Event, arrivalMs: number): number {
  const aheadMs = event.timeMs - arrivalMs
  return skew === null ? aheadMs : Math.max(skew, aheadMs)
}

/**
 * The user's watermark: ingest expects no event of the user from before it. A skew of 0 and a
 * lateness of one minute make it 10:01 at 10:02.
 *
 * Bytewax's EventClock computes the same from the latest event and the time since it arrived. Like
 * that clock, and unlike Flink's bounded out-of-orderness, the watermark moves on while the user is
 * idle. So a user's last session closes without further events.
 *
 * `latenessMs` is Bytewax's `wait_for_system_duration`. Flink's `allowedLateness` is another thing,
 * the extra time after the watermark; `amendForMs` comes closest to that.
 */
export function watermark(nowMs: number, skewMs: number, rules: Rules): number {
  return nowMs + skewMs - rules.latenessMs
}

/**
 * The event time that the watermark must be past, strictly, before the session is due. An event
 * exactly at that time still joins (S3).
 *
 * A session that a limit ended is due at once (S5). With late events diverted it waits until the
 * watermark passes the limit. A published result is final then, and an event that is not late may
 * still move the limit (C7).
 */
export function dueAfter(session: Session, rules: Rules): number {
  if (session.limitedBy !== null)
    return rules.lateEvents === 'divert' ? session.limitedBy.atMs : Number.NEGATIVE_INFINITY
  return lastJoiningTime(lastEvent(session), rules)
}

export function isDue(session: Session, watermarkMs: number, rules: Rules): boolean {
  return watermarkMs > dueAfter(session, rules)
}

/**
 * The first moment at which the session is due if no event arrives before; 0 if it is due at once.
 */
export function dueAt(session: Session, skewMs: number, rules: Rules): number {
  return Math.max(0, watermarkPasses(dueAfter(session, rules), skewMs, rules))
}

/** The first moment at which the watermark is past this event time, strictly. */
export function watermarkPasses(timeMs: number, skewMs: number, rules: Rules): number {
  return timeMs - skewMs + rules.latenessMs + 1
}

/**
 * Why the session closes. The reason is `drain` only for a user's latest session that is not due
 * yet: an earlier session ended with the gap before the next one.
 */
export function closeReason(session: Session, isLatest: boolean, watermarkMs: number, rules: Rules): CloseReason {
  if (session.limitedBy !== null) return session.limitedBy.limit
  const last = lastEvent(session)
  if (last.type === 'AppClose') return 'app_close'
  if (last.type === 'Timeout') return 'timeout'
  return !isLatest || isDue(session, watermarkMs, rules) ? 'gap' : 'drain'
}
