// Amending (C6): newly arrived events and a user's sessions in, the closed sessions that they open again out.

import { type Arrival, isCloser } from './event.ts'
import type { Rules } from './rules.ts'
import { firstEvent, lastEvent, type Session, sessionBytes, sessionId } from './session.ts'

/** Most bytes (`eventBytes`) of a user's open sessions together: they share one table item. */
export const STATE_BYTES_MAX = 288 * 1024

/** The last event time that can still touch this session once it is closed: join it, or repeat one of its events. */
export function reach(session: Session, rules: Rules): number {
  const last = lastEvent(session)
  if (session.cut !== null) return session.cut.atMs
  return isCloser(last) ? last.timeMs : last.timeMs + rules.gapMs
}

export interface Reopening {
  /** The closed sessions that the arrivals may change: those they touch, and what continues a cut one of them. */
  readonly reopened: readonly Session[]
  /** The open sessions that they may change. The others stay as they are. */
  readonly involved: ReadonlySet<Session>
  /**
   * Whether all that may change can be open at once. Not where it is more than one item can hold (a long run of full
   * sessions, so a robot's), where a part of it is no longer kept, or where what is closed is final (C7).
   */
  readonly fits: boolean
  /** Open sessions that are not involved, where they and the others together would be more than one item can hold. */
  readonly inTheWay: readonly Session[]
}

/** @param closed every closed session that the arrivals can touch, or that continues such a one; none of them open. */
export function reopen(
  open: readonly Session[],
  closed: readonly Session[],
  arrivals: readonly Arrival[],
  rules: Rules,
): Reopening {
  const isTouched = (session: Session): boolean => arrivals.some(({ event }) => touches(session, event.timeMs, rules))
  const reopened = closed.filter(isTouched)
  const involved = new Set(open.filter(isTouched))
  const isWhole = followContinuations(reopened, involved, closed, open)
  const isFinal = rules.lateEvents === 'divert' && reopened.length > 0
  const isTooMuch = reopened.length > 0 && totalBytes([...reopened, ...involved]) > STATE_BYTES_MAX
  const isCrowded = reopened.length > 0 && totalBytes([...reopened, ...open]) > STATE_BYTES_MAX
  return {
    reopened,
    involved,
    fits: isWhole && !isFinal && !isTooMuch,
    inTheWay: isCrowded ? open.filter((session) => !involved.has(session)) : [],
  }
}

export function touches(session: Session, timeMs: number, rules: Rules): boolean {
  return timeMs >= firstEvent(session).timeMs - rules.gapMs && timeMs <= reach(session, rules)
}

/**
 * Adds to `reopened` and `involved` what continues their cut sessions, since a cut session passes events on to the
 * next; false where that is no longer kept.
 */
function followContinuations(
  reopened: Session[],
  involved: Set<Session>,
  closed: readonly Session[],
  open: readonly Session[],
): boolean {
  const openNext = new Map(open.map((session) => [session.continues, session]))
  const closedNext = new Map(closed.map((session) => [session.continues, session]))
  const seen = new Set([...reopened, ...involved])
  let isWhole = true
  for (const session of seen) {
    if (session.cut === null) continue
    const inOpen = openNext.get(sessionId(session))
    const inClosed = closedNext.get(sessionId(session))
    const next = inOpen ?? inClosed
    if (next === undefined) isWhole = false
    else if (!seen.has(next)) {
      seen.add(next)
      if (inOpen !== undefined) involved.add(inOpen)
      else reopened.push(next)
    }
  }
  return isWhole
}

export function totalBytes(sessions: readonly Session[]): number {
  return sessions.reduce((sum, session) => sum + sessionBytes(session), 0)
}
