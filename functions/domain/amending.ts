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
  /** The closed sessions that the arrivals touch, and what continues them: a cut one passes events on to the next. */
  readonly reopened: readonly Session[]
  /**
   * Arrivals that touch more than one item can hold, a long run of full sessions (a robot's), or one of which a part
   * is no longer kept; and all that touch a closed session where late events are diverted (C7). Nothing is reopened then.
   */
  readonly refused: readonly Arrival[]
  /** Open sessions that have nothing to do with it, where all together would be more than one item can hold. */
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
  if (reopened.length === 0) return { reopened, refused: [], inTheWay: [] }
  const involved = new Set(open.filter(isTouched))
  const isWhole = followContinuations(reopened, involved, closed, open)
  const fits = rules.lateEvents === 'amend' && isWhole && totalBytes([...reopened, ...involved]) <= STATE_BYTES_MAX
  if (!fits) {
    const refused = arrivals.filter(({ event }) => reopened.some((session) => touches(session, event.timeMs, rules)))
    return { reopened: [], refused, inTheWay: [] }
  }
  const isCrowded = totalBytes([...reopened, ...open]) > STATE_BYTES_MAX
  return { reopened, refused: [], inTheWay: isCrowded ? open.filter((session) => !involved.has(session)) : [] }
}

function touches(session: Session, timeMs: number, rules: Rules): boolean {
  return timeMs >= firstEvent(session).timeMs - rules.gapMs && timeMs <= reach(session, rules)
}

/** Adds to `reopened` and `involved` what continues their cut sessions; false where that is no longer kept. */
function followContinuations(
  reopened: Session[],
  involved: Set<Session>,
  closed: readonly Session[],
  open: readonly Session[],
): boolean {
  const openNext = new Map(open.map((session) => [session.continues, session]))
  const closedNext = new Map(closed.map((session) => [session.continues, session]))
  let isWhole = true
  for (const session of reopened) {
    if (session.cut === null) continue
    const inOpen = openNext.get(sessionId(session))
    const inClosed = closedNext.get(sessionId(session))
    if (inOpen !== undefined) involved.add(inOpen)
    else if (inClosed === undefined) isWhole = false
    else if (!reopened.includes(inClosed)) reopened.push(inClosed)
  }
  return isWhole
}

export function totalBytes(sessions: readonly Session[]): number {
  return sessions.reduce((sum, session) => sum + sessionBytes(session), 0)
}
