// Finds the ranges of time around which arrivals may change closed sessions.

import type { Arrival } from '../events/event.ts'
import { isNonEmpty, lastOf, type NonEmpty } from '../non-empty.ts'
import { removedCopies } from './admission.ts'
import { sessionsWithId } from './closed-ids.ts'
import { withoutForgotten } from './forgotten.ts'
import type { TimeRange } from './neighbours.ts'
import type { Rules } from './rules.ts'
import { firstEvent, isWithinGap, type Session, sessionId } from './session.ts'
import type { UserState } from './user-state.ts'

export interface AffectedRange<A extends Arrival> extends TimeRange {
  readonly open: readonly Session[]
  /** Empty for a range where an open session that a limit ended may continue in a closed one. */
  readonly arrivals: readonly A[]
  /** In the order of their times. */
  readonly points: readonly Point<A>[]
}

/** A time at which an arrival may change a session: its own, or that of a copy it may remove. */
interface Point<A extends Arrival> {
  readonly timeMs: number
  readonly arrival: A
}

/**
 * The ranges of time around which `apply` needs the closed sessions. Arrivals at most a gap apart
 * share a range. Usually there is none, since the arrivals can change no closed session.
 */
export function affectedRanges<A extends Arrival>(
  state: UserState,
  arrivals: readonly A[],
  rules: Rules,
): AffectedRange<A>[] {
  const { lastAffectingTimeMs } = state
  if (lastAffectingTimeMs === null) return []
  const earlyOpen = state.open.filter((session) => firstEvent(session).timeMs <= lastAffectingTimeMs)
  const removedBy = removedCopies(earlyOpen, arrivals.length, rules)
  const affecting = withoutForgotten(state, arrivals).flatMap((arrival): Point<A>[] => {
    const ofCopies = [
      ...removedBy(arrival).map(({ timeMs }) => timeMs),
      ...sessionsWithId(state.closedIds, arrival.event),
    ]
    return [arrival.event.timeMs, ...ofCopies].flatMap((timeMs) =>
      timeMs <= lastAffectingTimeMs ? { timeMs, arrival } : [],
    )
  })
  if (affecting.length === 0) return []
  const groups: [Point<A>, ...Point<A>[]][] = []
  for (const point of affecting.sort((a, b) => a.timeMs - b.timeMs)) {
    const latest = groups.at(-1)
    if (latest !== undefined && isWithinGap(lastOf(latest).timeMs, point.timeMs, rules)) latest.push(point)
    else groups.push([point])
  }
  return [...rangesOfContinuations(state), ...groups.map((points) => rangeOf(points, state.open))]
}

/** The times at which full open sessions go on, but for those that go on in an open session. */
function rangesOfContinuations({ open }: UserState): AffectedRange<never>[] {
  const continued = new Set(open.map(({ continues }) => continues))
  const unknown = open.filter((session) => !continued.has(sessionId(session)))
  const limits = unknown.flatMap(({ limitedBy }) => limitedBy ?? [])
  return limits.map(({ atMs }) => ({ fromMs: atMs, toMs: atMs, open, arrivals: [], points: [] }))
}

/**
 * A range of few arrivals may show few sessions, so that what is read is in proportion to what
 * arrived. One moment may show the most, because no smaller range would show fewer.
 *
 * @param points in the order of their times.
 */
function rangeOf<A extends Arrival>(points: NonEmpty<Point<A>>, open: readonly Session[]): AffectedRange<A> {
  const [fromMs, toMs] = [points[0].timeMs, lastOf(points).timeMs]
  const range = { fromMs, toMs, open, points, arrivals: [...new Set(points.map(({ arrival }) => arrival))] }
  return fromMs === toMs ? range : { ...range, sessionsMax: 16 + 8 * points.length }
}

/**
 * Divides a range that holds too much into two ranges with about half of the points each. Null for
 * a single moment. Points of one moment stay together.
 */
export function halves<A extends Arrival>({ points, open }: AffectedRange<A>): AffectedRange<A>[] | null {
  const isFirstOfTime = (n: number): boolean => points[n - 1]?.timeMs !== points[n]?.timeMs
  let middle = points.length >> 1
  while (middle > 0 && !isFirstOfTime(middle)) middle--
  if (middle === 0) middle = (points.length >> 1) + 1
  while (middle < points.length && !isFirstOfTime(middle)) middle++
  const [before, after] = [points.slice(0, middle), points.slice(middle)]
  return isNonEmpty(before) && isNonEmpty(after) ? [rangeOf(before, open), rangeOf(after, open)] : null
}
