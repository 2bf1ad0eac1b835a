// Amending (C6): newly arrived events and a user's sessions in, the closed sessions that they open again out.

import { type Arrival, isCloser } from '../events/event.ts'
import { bytesAtMost } from './event-index.ts'
import type { Rules } from './rules.ts'
import { firstEvent, lastEvent, type Session, sessionBytes, sessionId } from './session.ts'

/** Most bytes (`eventBytes`) of a user's open sessions together: they share one table item. */
export const STATE_BYTES_MAX = 288 * 1024

/** The last event time that can still touch this session once it is closed: join it, or repeat one of its events. */
export function reach(session: Session, rules: Rules): number {
  const last = lastEvent(session)
  if (session.limitedBy !== null) return session.limitedBy.atMs
  return isCloser(last) ? last.timeMs : last.timeMs + rules.gapMs
}

export interface Reopening {
  /** The closed sessions that the arrivals may change: those they touch, and what continues a cut one of them. */
  readonly reopened: readonly Session[]
  /** The open sessions that they may change. The others stay as they are. */
  readonly affected: ReadonlySet<Session>
  /**
   * Whether all that may change can be open at once. Not where it is more than one item can hold (a long run of full
   * sessions, so a robot's), or where a part of it is no longer kept.
   */
  readonly fits: boolean
  /** Open sessions that are not affected, where they and the others together would be more than one item can hold. */
  readonly evictions: readonly Session[]
}

/** @param closed every closed session that the arrivals can touch, or that continues such a one; none of them open. */
export function reopen(
  open: readonly Session[],
  closed: readonly Session[],
  arrivals: readonly Arrival[],
  rules: Rules,
): Reopening {
  const isAffected = (session: Session): boolean => arrivals.some((arrival) => overlaps(arrival, session, rules))
  const reopened = closed.filter(isAffected)
  const affected = new Set(open.filter(isAffected))
  const isWhole = followContinuations(reopened, affected, closed, open)
  const hasRoom = (others: Iterable<Session>): boolean =>
    reopened.length === 0 || totalBytes([...reopened, ...others]) <= STATE_BYTES_MAX
  return {
    reopened,
    affected,
    fits: isWhole && hasRoom(affected),
    evictions: hasRoom(open) ? [] : open.filter((session) => !affected.has(session)),
  }
}

/**
 * The arrivals in batches, each of which fits as far as that is possible: arrivals that change the same sessions stay
 * together, and batches are as large as may be, since each is a write.
 */
export function fittingBatches<A extends Arrival>(
  open: readonly Session[],
  closed: readonly Session[],
  arrivals: readonly A[],
  rules: Rules,
): A[][] {
  const batches: A[][] = []
  for (const group of relatedGroups(open, closed, arrivals, rules)) {
    const latest = batches.at(-1)
    const together = [...(latest ?? []), ...group]
    if (latest !== undefined && reopen(open, closed, together, rules).fits) latest.push(...group)
    else batches.push(group)
  }
  return batches
}

/** Arrivals that may change a session in common, directly or by way of others. */
function relatedGroups<A extends Arrival>(
  open: readonly Session[],
  closed: readonly Session[],
  arrivals: readonly A[],
  rules: Rules,
): A[][] {
  let groups: { arrivals: A[]; sessions: Set<Session> }[] = []
  for (const arrival of arrivals) {
    const { reopened, affected } = reopen(open, closed, [arrival], rules)
    const joined = { arrivals: [arrival], sessions: new Set([...reopened, ...affected]) }
    const isRelated = ({ sessions }: { sessions: Set<Session> }): boolean =>
      [...joined.sessions].some((session) => sessions.has(session))
    const related = groups.filter(isRelated)
    for (const group of related) {
      joined.arrivals.unshift(...group.arrivals)
      for (const session of group.sessions) joined.sessions.add(session)
    }
    groups = [...groups.filter((group) => !related.includes(group)), joined]
  }
  return groups.map((group) => group.arrivals)
}

export function overlaps({ event }: Arrival, session: Session, rules: Rules): boolean {
  return event.timeMs >= firstEvent(session).timeMs - rules.gapMs && event.timeMs <= reach(session, rules)
}

/**
 * Adds to `reopened` and `affected` what continues their cut sessions, since a cut session passes events on to the
 * next; false where that is no longer kept.
 */
function followContinuations(
  reopened: Session[],
  affected: Set<Session>,
  closed: readonly Session[],
  open: readonly Session[],
): boolean {
  const isAnyCut =
    reopened.some(({ limitedBy }) => limitedBy !== null) || [...affected].some(({ limitedBy }) => limitedBy !== null)
  if (!isAnyCut) return true
  const openNext = new Map(open.map((session) => [session.continues, session]))
  const closedNext = new Map(closed.map((session) => [session.continues, session]))
  const seen = new Set([...reopened, ...affected])
  let isWhole = true
  for (const session of seen) {
    if (session.limitedBy === null) continue
    const inOpen = openNext.get(sessionId(session))
    const inClosed = closedNext.get(sessionId(session))
    const next = inOpen ?? inClosed
    if (next === undefined) isWhole = false
    else if (!seen.has(next)) {
      seen.add(next)
      if (inOpen !== undefined) affected.add(inOpen)
      else reopened.push(next)
    }
  }
  return isWhole
}

/** Never less than `totalBytes`, and quick. */
export function totalBytesAtMost(sessions: readonly Session[]): number {
  return sessions.reduce((sum, session) => sum + bytesAtMost(session.events), 0)
}

export function totalBytes(sessions: readonly Session[]): number {
  return sessions.reduce((sum, session) => sum + sessionBytes(session), 0)
}
