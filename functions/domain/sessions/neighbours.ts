// Finds the closed sessions around arrivals: first the ranges of time, then their sessions.

import { type Arrival, compareEvents } from '../events/event.ts'
import { STATE_BYTES_MAX, totalBytes } from './amending.ts'
import { withoutForgotten } from './forgotten.ts'
import type { Rules } from './rules.ts'
import { firstEvent, isWithinGap, lastEvent, type Session, sessionBytes, sessionId } from './session.ts'
import { compactTime, compactTimeOf } from './session-id.ts'
import type { UserState } from './user-state.ts'

/** Event times, both ends inclusive. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

export interface AffectedRange<A extends Arrival> extends TimeRange {
  /** Empty for a range where an open session that a limit ended may continue in a closed one. */
  readonly arrivals: readonly A[]
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
  const affecting = withoutForgotten(state, arrivals).filter(({ event }) => event.timeMs <= lastAffectingTimeMs)
  if (affecting.length === 0) return []
  const ranges: { fromMs: number; toMs: number; arrivals: A[] }[] = []
  for (const arrival of [...affecting].sort((a, b) => a.event.timeMs - b.event.timeMs)) {
    const { timeMs } = arrival.event
    const range = ranges.at(-1)
    if (range !== undefined && isWithinGap(range.toMs, timeMs, rules)) {
      range.toMs = timeMs
      range.arrivals.push(arrival)
    } else ranges.push({ fromMs: timeMs, toMs: timeMs, arrivals: [arrival] })
  }
  const continued = state.open.flatMap(({ limitedBy }) => limitedBy ?? [])
  return [...continued.map(({ atMs }) => ({ fromMs: atMs, toMs: atMs, arrivals: [] })), ...ranges]
}

/**
 * Four times what can be open at once. Loading stops once the sessions found are too large to
 * reopen.
 */
const NEIGHBOUR_BYTES_MAX = 4 * STATE_BYTES_MAX

/**
 * Finds the closed sessions of a user that an event in the range may change:
 *
 * - the sessions with events in the range,
 * - the last session before the range and the first one after it,
 * - the continuations of those that a limit ended.
 *
 * No other session can change, because these separate it from the range. Reading stops early in a
 * long chain of full sessions; `reopen` then misses a continuation and reports that it does not
 * fit. Null where the range itself holds too much.
 *
 * @param before the sessions with ids of a time in the range or before it, latest id first.
 * @param after the sessions with ids of a time after the range, earliest id first. The time of an
 *   id lies within its session.
 */
export async function neighbours(
  { fromMs, toMs }: TimeRange,
  before: AsyncIterable<Session>,
  after: AsyncIterable<Session>,
): Promise<readonly Session[] | null> {
  const found = new Map<string, Session>()
  let bytes = 0
  const add = (session: Session): void => {
    found.set(sessionId(session), session)
    bytes += sessionBytes(session)
  }
  for await (const session of inOrder(before, 'latest first')) {
    add(session)
    if (lastEvent(session).timeMs < fromMs) break
    if (bytes > NEIGHBOUR_BYTES_MAX) return null
  }
  let isNextFound = false
  for await (const session of inOrder(after, 'earliest first')) {
    const startMs = firstEvent(session).timeMs
    if (isNextFound && startMs > endOfBrokenChain(found)) break
    add(session)
    isNextFound ||= startMs > toMs
    if (isNextFound && (endOfBrokenChain(found) < startMs || bytes > NEIGHBOUR_BYTES_MAX)) break
    if (bytes > NEIGHBOUR_BYTES_MAX) return null
  }
  return [...found.values()]
}

/**
 * Yields the sessions in the order of their events. Ids of one millisecond sort by event id
 * instead, so such sessions wait until all of them are read. Read latest first, a session with
 * events after its id's time is the last of that time. It is yielded at once.
 */
async function* inOrder(
  sessions: AsyncIterable<Session>,
  direction: 'latest first' | 'earliest first',
): AsyncIterable<Session> {
  const sign = direction === 'latest first' ? -1 : 1
  let waiting: Session[] = []
  for await (const session of sessions) {
    const idTime = compactTimeOf(sessionId(session))
    const isOtherTime = waiting[0] !== undefined && compactTimeOf(sessionId(waiting[0])) !== idTime
    if (isOtherTime || totalBytes(waiting) > NEIGHBOUR_BYTES_MAX) {
      yield* waiting.sort((a, b) => sign * compareEvents(firstEvent(a), firstEvent(b)))
      waiting = []
    }
    waiting.push(session)
    if (sign < 0 && waiting.length === 1 && compactTime(lastEvent(session).timeMs) !== idTime) {
      waiting = []
      yield session
    }
  }
  yield* waiting.sort((a, b) => sign * compareEvents(firstEvent(a), firstEvent(b)))
}

/**
 * The latest time at which a limit ended a session whose continuation is not found; else -infinity.
 */
function endOfBrokenChain(found: ReadonlyMap<string, Session>): number {
  // A reopened session is also stored closed, and that copy may name a session that another
  // continues now. So the key includes the time.
  const linkOf = (id: string | null, timeMs: number | undefined): string => `${timeMs} ${id}`
  const continued = new Set([...found.values()].map((session) => linkOf(session.continues, firstEvent(session).timeMs)))
  const broken = [...found.values()].filter(
    (session) => session.limitedBy !== null && !continued.has(linkOf(sessionId(session), session.limitedBy.atMs)),
  )
  return Math.max(Number.NEGATIVE_INFINITY, ...broken.map((session) => session.limitedBy?.atMs ?? 0))
}
