// Finds the closed sessions around a range of time, which events in the range may change.

import { compareEvents } from '../events/event.ts'
import { copySearch } from './event-index.ts'
import { firstEvent, lastEvent, type Session, sessionId } from './session.ts'
import { compactTime, compactTimeOf } from './session-id.ts'
import { OPEN_SESSIONS_MAX, openBytes, STATE_BYTES_MAX } from './state-size.ts'

/** Event times, both ends inclusive. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
  /**
   * Sessions up to the first after the range, before the range counts as holding too much. Absent
   * for the most. The continuations that follow do not count.
   */
  readonly sessionsMax?: number
  /** The user's open sessions, to leave out stored copies of them that hold no event any more. */
  readonly open?: readonly Session[]
}

/**
 * Twice what can be open at once. A session before the range and the sessions to open again take no
 * more. Loading stops once the sessions found are too large to reopen.
 */
export const NEIGHBOUR_BYTES_MAX = 2 * STATE_BYTES_MAX
/** Most sessions that one range may show. Those of one record and one millisecond are fewer. */
const NEIGHBOUR_SESSIONS_MAX = 4 * OPEN_SESSIONS_MAX

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
  { fromMs, toMs, sessionsMax = NEIGHBOUR_SESSIONS_MAX, open = [] }: TimeRange,
  before: AsyncIterable<Session>,
  after: AsyncIterable<Session>,
): Promise<readonly Session[] | null> {
  const found = foundSessions()
  const rangeMax = Math.min(sessionsMax, NEIGHBOUR_SESSIONS_MAX)
  const isEmptied = emptiedSearch(open)
  for await (const session of inOrder(before, 'latest first')) {
    if (isEmptied(session)) continue
    found.add(session)
    if (lastEvent(session).timeMs < fromMs) break
    if (found.areMoreThan(rangeMax)) return null
  }
  let isNextFound = false
  for await (const session of inOrder(after, 'earliest first')) {
    if (isEmptied(session)) continue
    const startMs = firstEvent(session).timeMs
    if (isNextFound && startMs > found.endOfBrokenChain()) break
    found.add(session)
    isNextFound ||= startMs > toMs
    if (!isNextFound && found.areMoreThan(rangeMax)) return null
    if (isNextFound && (found.endOfBrokenChain() < startMs || found.areMoreThan(NEIGHBOUR_SESSIONS_MAX))) break
  }
  return found.sessions()
}

/**
 * Returns a search for stored sessions that are open again and have lost all their events, because
 * other copies of those count (E2). Such a session separates the range from no other one.
 */
function emptiedSearch(open: readonly Session[]): (session: Session) => boolean {
  const openIds = new Set(open.flatMap(({ ids }) => ids))
  const heldCopy = copySearch(open, 1)
  return (session) =>
    openIds.has(sessionId(session)) && !session.events.some((event) => heldCopy(event)?.timeMs === event.timeMs)
}

/** Collects sessions, their number and bytes, and the full ones whose continuation is not there. */
function foundSessions() {
  const found = new Map<string, Session>()
  const continued = new Set<string>()
  const broken = new Map<string, number>()
  let bytes = 0
  // A reopened session is also stored closed, and that copy may name a session that another
  // continues now. So a link includes the time.
  const linkOf = (id: string | null, timeMs: number): string => `${timeMs} ${id}`
  return {
    sessions: (): Session[] => [...found.values()],
    areMoreThan: (count: number): boolean => bytes > NEIGHBOUR_BYTES_MAX || found.size > count,
    add: (session: Session): void => {
      found.set(sessionId(session), session)
      bytes += openBytes(session)
      const backwards = linkOf(session.continues, firstEvent(session).timeMs)
      continued.add(backwards)
      broken.delete(backwards)
      if (session.limitedBy === null) return
      const forwards = linkOf(sessionId(session), session.limitedBy.atMs)
      if (!continued.has(forwards)) broken.set(forwards, session.limitedBy.atMs)
    },
    /** The latest time at which a limit ended a session whose continuation is not found. */
    endOfBrokenChain: (): number => Math.max(Number.NEGATIVE_INFINITY, ...broken.values()),
  }
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
  let bytes = 0
  for await (const session of sessions) {
    const idTime = compactTimeOf(sessionId(session))
    const isOtherTime = waiting[0] !== undefined && compactTimeOf(sessionId(waiting[0])) !== idTime
    if (isOtherTime || bytes > NEIGHBOUR_BYTES_MAX || waiting.length > NEIGHBOUR_SESSIONS_MAX) {
      yield* waiting.sort((a, b) => sign * compareEvents(firstEvent(a), firstEvent(b)))
      waiting = []
      bytes = 0
    }
    waiting.push(session)
    bytes += openBytes(session)
    if (sign < 0 && waiting.length === 1 && compactTime(lastEvent(session).timeMs) !== idTime) {
      waiting = []
      bytes = 0
      yield session
    }
  }
  yield* waiting.sort((a, b) => sign * compareEvents(firstEvent(a), firstEvent(b)))
}
