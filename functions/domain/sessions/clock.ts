// The rules of time (C1, C2): a user's clock and the present moment in, what is late and what is due out.

import { type Event, isCloser } from '../events/event.ts'
import type { Rules } from './rules.ts'
import { lastEvent, type Session, type SessionLimit } from './session.ts'

export type CloseReason = 'gap' | 'app_close' | 'timeout' | SessionLimit | 'drain'

/** The largest (event time - arrival time) seen for a user; null before the first event. It only grows. */
export type Skew = number | null

export function laterSkew(skew: Skew, event: Event, arrivalMs: number): number {
  const seenMs = event.timeMs - arrivalMs
  return skew === null ? seenMs : Math.max(skew, seenMs)
}

/**
 * The user's watermark: no earlier event of the user is expected any more. It moves with `nowMs` while the user is
 * idle, so a last session closes without traffic; Bytewax's EventClock written as one number.
 *
 * `lateness` is how far the watermark trails the newest event, Bytewax's `wait_for_system_duration`. It is not Flink's
 * `allowedLateness`, which is extra time after the watermark: that is `amendFor` here.
 */
export function watermark(nowMs: number, skewMs: number, rules: Rules): number {
  return nowMs + skewMs - rules.latenessMs
}

/**
 * The session is due when the watermark is strictly past this event time: an event exactly there still joins (S3). One
 * that a limit cut is due at once (S5), unless late events are diverted: then what is published is final (C7), and an
 * event that is not late may still come to stand before the cut.
 */
export function dueAfter(session: Session, rules: Rules): number {
  const last = lastEvent(session)
  if (session.limitedBy !== null)
    return rules.lateEvents === 'divert' ? session.limitedBy.atMs : Number.NEGATIVE_INFINITY
  return isCloser(last) ? last.timeMs : last.timeMs + rules.gapMs
}

export function isDue(session: Session, watermarkMs: number, rules: Rules): boolean {
  return watermarkMs > dueAfter(session, rules)
}

/** The first moment at which the session is due if nothing else arrives; 0 where that is at once. */
export function dueAt(session: Session, skewMs: number, rules: Rules): number {
  return Math.max(0, watermarkPasses(dueAfter(session, rules), skewMs, rules))
}

/** The first moment at which the watermark is strictly past this event time. */
export function watermarkPasses(timeMs: number, skewMs: number, rules: Rules): number {
  return timeMs - skewMs + rules.latenessMs + 1
}

/** `drain` for a user's latest session if nothing but a drain would close it now; any before it ended with a gap. */
export function closeReason(session: Session, isLatest: boolean, watermarkMs: number, rules: Rules): CloseReason {
  if (session.limitedBy !== null) return session.limitedBy.limit
  const last = lastEvent(session)
  if (last.type === 'AppClose') return 'app_close'
  if (last.type === 'Timeout') return 'timeout'
  return !isLatest || isDue(session, watermarkMs, rules) ? 'gap' : 'drain'
}
