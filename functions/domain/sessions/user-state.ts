// Applies a user's arrivals to the open sessions and the clock (C6, C7).

import { areSameCopies } from '../events/copies.ts'
import type { Arrival, Event } from '../events/event.ts'
import { admit, type Candidate } from './admission.ts'
import { losingSessions, overlappedSessions, type Reopening, reopen, withoutReopened } from './amending.ts'
import type { Skew } from './clock.ts'
import { type ClosedIds, withoutOpened } from './closed-ids.ts'
import { type Forgotten, withoutForgotten } from './forgotten.ts'
import { type RejectedArrival, reopeningRejection } from './rejected-arrivals.ts'
import { resessionize } from './resessionize.ts'
import type { Rules } from './rules.ts'
import { type Session, sessionId } from './session.ts'

export interface UserState {
  /** Grows by one with every write, and each write is conditional on it. 0 before the first. */
  readonly version: number
  readonly skewMs: Skew
  /**
   * No event after this time can change a closed session of the user; null while none was closed.
   */
  readonly lastAffectingTimeMs: number | null
  /** Ordered by first event. */
  readonly open: readonly Session[]
  /** The ids in closed sessions that can still be amended, the oldest session first (E2). */
  readonly closedIds: readonly ClosedIds[]
  /** Null for a user who was never forgotten. */
  readonly forgotten: Forgotten | null
}

export const NEW_USER: UserState = {
  version: 0,
  skewMs: null,
  lastAffectingTimeMs: null,
  open: [],
  closedIds: [],
  forgotten: null,
}

export interface Applied {
  /** Has the version that it had before; the writer raises it. */
  readonly state: UserState
  /** How many events the sessions hold more than before. */
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: readonly RejectedArrival[]
  /** Conflicting copies that left their sessions, because copies that arrived count (E2). */
  readonly displaced: readonly Event[]
  /** How many arrivals were dropped because they are from before the user was forgotten. */
  readonly forgotten: number
  /** How many closed sessions were opened again. */
  readonly amended: number
  /** False when the state is as before, so that nothing needs to be written. */
  readonly changed: boolean
}

/**
 * Adds arrivals to a user's sessions. Each arrival moves the user's clock. It is then dropped as a
 * duplicate, rejected as late or as a conflicting copy, or added. Added events open the closed
 * sessions that they may change, and all affected sessions are split anew. So an event merges,
 * splits or lengthens sessions by the same few steps. An added copy that counts instead of another
 * one removes that one from its session by the same steps.
 *
 * Applying an arrival twice changes nothing. With `amend` the sessions depend neither on the order
 * of the arrivals nor on their division into calls (S1).
 *
 * @param closed the closed sessions around each of `affectedRanges`, as `neighbours` finds them.
 * @param arrivals a group of `planCapacity`. Arrivals that do not fit together are rejected.
 */
export function apply(
  state: UserState,
  closed: readonly Session[],
  arrivals: readonly Arrival[],
  rules: Rules,
): Applied {
  const onlyClosed = withoutReopened(closed, state.open)
  const current = withoutForgotten(state, arrivals)
  const { skewMs, candidates, duplicates, rejected: refused } = admit(state, onlyClosed, current, rules)
  const { open, admitted, rejected, reopened } = addCandidates(state.open, onlyClosed, candidates, rules)
  const replacing = admitted.filter(({ removes }) => removes !== null)
  const displaced = replacing.flatMap(({ arrival, removes }) =>
    removes === null || areSameCopies(arrival.event, removes) ? [] : [removes],
  )
  return {
    state: { ...state, skewMs, open, closedIds: withoutOpened(state.closedIds, reopened) },
    accepted: admitted.length - replacing.length,
    duplicates: duplicates + replacing.length - displaced.length,
    rejected: rejected.size === 0 ? refused : [...refused, ...withReason(rejected, rules)],
    displaced,
    forgotten: arrivals.length - current.length,
    amended: reopened.length,
    changed: admitted.length > 0 || skewMs !== state.skewMs,
  }
}

interface Addition {
  readonly open: readonly Session[]
  readonly admitted: readonly Candidate[]
  readonly rejected: ReadonlySet<Candidate>
  /** The closed sessions that are open again. */
  readonly reopened: readonly Session[]
}

const NONE: ReadonlySet<Candidate> = new Set()
const NO_EVENTS: ReadonlySet<Event> = new Set()

/**
 * Opens the closed sessions that the candidates may change, and splits the affected sessions anew.
 */
function addCandidates(
  open: readonly Session[],
  closed: readonly Session[],
  candidates: readonly Candidate[],
  rules: Rules,
): Addition {
  const reopenFor = (some: readonly Candidate[]): Reopening =>
    reopen(
      open,
      closed,
      some.map(({ arrival }) => arrival),
      some.flatMap(({ removes }) => removes ?? []),
      rules,
    )
  const all = reopenFor(candidates)
  const rejected = rejectedCandidates(all, open, closed, candidates, rules)
  const admitted = candidates.filter((candidate) => !rejected.has(candidate))
  if (admitted.length === 0) return { open, admitted, rejected, reopened: [] }
  const { reopened, affected } = rejected.size === 0 ? all : reopenFor(admitted)
  const removed = admitted.flatMap(({ removes }) => removes ?? [])
  const arrivals = admitted.map(({ arrival }) => arrival)
  const gone = removed.length === 0 ? NO_EVENTS : new Set(removed)
  const next = resessionize(open, reopened, affected, arrivals, rules, gone)
  // A session that comes out as before stays closed.
  const openIds = reopened.length === 0 ? null : new Set(next.flatMap((session) => session.ids))
  return { open: next, admitted, rejected, reopened: reopened.filter((session) => openIds?.has(sessionId(session))) }
}

/**
 * The candidates that would change a final result (C7), or open more than the user's item can hold.
 */
function rejectedCandidates(
  { fits, reopened, affected }: Reopening,
  open: readonly Session[],
  closed: readonly Session[],
  candidates: readonly Candidate[],
  rules: Rules,
): ReadonlySet<Candidate> {
  const thatOverlap = (sessions: readonly Session[]): ReadonlySet<Candidate> => {
    const overlapped = overlappedSessions(sessions, rules)
    return new Set(candidates.filter(({ arrival }) => overlapped(arrival).length > 0))
  }
  if (rules.lateEvents === 'divert') return thatOverlap(closed)
  if (fits) return NONE
  const losing = losingSessions([...open, ...closed], rules)
  const changed = new Set([...reopened, ...affected])
  const removesFrom = ({ removes }: Candidate): boolean => {
    if (removes === null) return false
    const sessions = losing(removes)
    return sessions === null || sessions.some((session) => changed.has(session))
  }
  return new Set([...thatOverlap([...changed]), ...candidates.filter(removesFrom)])
}

function withReason(rejected: Iterable<Candidate>, rules: Rules): RejectedArrival[] {
  return [...rejected].map(({ arrival }) => ({ arrival, ...reopeningRejection(rules) }))
}
