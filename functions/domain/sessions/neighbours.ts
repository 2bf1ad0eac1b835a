// Which closed sessions arrivals may change: a user's state and arrivals in, ranges of time out; and of a range, its sessions.

import { type Arrival, compareEvents } from '../events/event.ts'
import { STATE_BYTES_MAX, totalBytes } from './amending.ts'
import { remembered } from './forgotten.ts'
import type { Rules } from './rules.ts'
import { compactTime, compactTimeOf, firstEvent, lastEvent, type Session, sessionBytes, sessionId } from './session.ts'
import type { UserState } from './user-state.ts'

/** Event times, both ends inclusive. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

export interface AffectedRange<A extends Arrival> extends TimeRange {
  /** None where it is only that an open session may go on in a closed one there. */
  readonly arrivals: readonly A[]
}

/** Where `apply` has to be shown closed sessions; empty when these arrivals can touch none. */
export function affectedRanges<A extends Arrival>(
  state: UserState,
  arrivals: readonly A[],
  rules: Rules,
): AffectedRange<A>[] {
  const reachMs = state.lastAffectingTimeMs
  if (reachMs === null) return []
  const touching = remembered(state, arrivals).filter(({ event }) => event.timeMs <= reachMs)
  if (touching.length === 0) return []
  const ranges: { fromMs: number; toMs: number; arrivals: A[] }[] = []
  for (const arrival of [...touching].sort((a, b) => a.event.timeMs - b.event.timeMs)) {
    const { timeMs } = arrival.event
    const range = ranges.at(-1)
    if (range !== undefined && timeMs - range.toMs <= rules.gapMs) {
      range.toMs = timeMs
      range.arrivals.push(arrival)
    } else ranges.push({ fromMs: timeMs, toMs: timeMs, arrivals: [arrival] })
  }
  const continued = state.open.flatMap(({ limitedBy }) => limitedBy ?? [])
  return [...continued.map(({ atMs }) => ({ fromMs: atMs, toMs: atMs, arrivals: [] })), ...ranges]
}

/** Four times what can be open at once, so that what could be opened again is never left out. */
const NEARBY_BYTES_MAX = 4 * STATE_BYTES_MAX

/**
 * Of a user's closed sessions: those with events in the range, the last one before it, the first one after it, and what
 * continues a cut one of them; of a long run of full sessions not all, so that it is seen not to be whole. No other can
 * change with an event of the range: these keep them apart from it. Null where the range itself holds too much.
 *
 * @param before those whose ids are of a time in the range or before it, latest id first.
 * @param after those whose ids are of a time after the range, earliest id first. An id's time is within its session.
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
    if (bytes > NEARBY_BYTES_MAX) return null
  }
  let isNextFound = false
  for await (const session of inOrder(after, 'earliest first')) {
    const startMs = firstEvent(session).timeMs
    if (isNextFound && startMs > endOfBrokenChain(found)) break
    add(session)
    isNextFound ||= startMs > toMs
    if (isNextFound && (endOfBrokenChain(found) < startMs || bytes > NEARBY_BYTES_MAX)) break
    if (bytes > NEARBY_BYTES_MAX) return null
  }
  return [...found.values()]
}

/**
 * Ids of one millisecond sort by event ids, and not as their sessions follow each other: they are held until all of
 * them are there. Latest first, one that goes on after its id's time is the last of them in any case.
 */
async function* inOrder(
  sessions: AsyncIterable<Session>,
  direction: 'latest first' | 'earliest first',
): AsyncIterable<Session> {
  const sign = direction === 'latest first' ? -1 : 1
  let held: Session[] = []
  for await (const session of sessions) {
    const stamp = compactTimeOf(sessionId(session))
    const isOther = held[0] !== undefined && compactTimeOf(sessionId(held[0])) !== stamp
    if (isOther || totalBytes(held) > NEARBY_BYTES_MAX) {
      yield* held.sort((a, b) => sign * compareEvents(firstEvent(a), firstEvent(b)))
      held = []
    }
    held.push(session)
    if (sign < 0 && held.length === 1 && compactTime(lastEvent(session).timeMs) !== stamp) {
      held = []
      yield session
    }
  }
  yield* held.sort((a, b) => sign * compareEvents(firstEvent(a), firstEvent(b)))
}

/** The latest time at which a cut session was found without the one that continues it; before all time when there is none. */
function endOfBrokenChain(found: ReadonlyMap<string, Session>): number {
  // With its time: the old copy of a session that is open again may name one that another continues by now.
  const linkOf = (id: string | null, timeMs: number | undefined): string => `${timeMs} ${id}`
  const continued = new Set([...found.values()].map((session) => linkOf(session.continues, firstEvent(session).timeMs)))
  const broken = [...found.values()].filter(
    (session) => session.limitedBy !== null && !continued.has(linkOf(sessionId(session), session.limitedBy.atMs)),
  )
  return Math.max(Number.NEGATIVE_INFINITY, ...broken.map((session) => session.limitedBy?.atMs ?? 0))
}
