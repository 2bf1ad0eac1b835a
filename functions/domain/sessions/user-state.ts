// Applies a user's arrivals to the open sessions and the clock (C6, C7).

import { type Arrival, eventKey } from '../events/event.ts'
import { overlappedSessions, type Reopening, reopen, withoutReopened } from './amending.ts'
import { laterSkew, type Skew, watermark } from './clock.ts'
import { copySearch } from './event-index.ts'
import { type Forgotten, withoutForgotten } from './forgotten.ts'
import { type RejectedArrival, rejectionByAge, reopeningRejection } from './rejected-arrivals.ts'
import { resessionize } from './resessionize.ts'
import type { Rules } from './rules.ts'
import type { Session } from './session.ts'

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
  /** Null for a user who was never forgotten. */
  readonly forgotten: Forgotten | null
}

export const NEW_USER: UserState = {
  version: 0,
  skewMs: null,
  lastAffectingTimeMs: null,
  open: [],
  forgotten: null,
}

export interface Applied {
  /** Has the version that it had before; the writer raises it. */
  readonly state: UserState
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: readonly RejectedArrival[]
  /** How many arrivals were dropped because they are from before the user was forgotten. */
  readonly forgotten: number
  /** How many closed sessions were opened again. */
  readonly amended: number
  /** False when the state is as before, so that nothing needs to be written. */
  readonly changed: boolean
}

/**
 * Adds arrivals to a user's sessions. Each arrival moves the user's clock. It is then dropped as a
 * duplicate, rejected as late, or added. Added events open the closed sessions that they may
 * change, and all affected sessions are split anew. So an event merges, splits or lengthens
 * sessions by the same few steps.
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
  const { skewMs, candidates, duplicates, late } = admit(state, onlyClosed, current, rules)
  const { open, rejected, amended } = addCandidates(state.open, onlyClosed, candidates, rules)
  return {
    state: { ...state, skewMs, open },
    accepted: candidates.length - rejected.size,
    duplicates,
    rejected: rejected.size === 0 ? late : [...late, ...withReason(rejected, rules)],
    forgotten: arrivals.length - current.length,
    amended,
    changed: candidates.length > rejected.size || skewMs !== state.skewMs,
  }
}

interface Admission {
  readonly skewMs: Skew
  /** The arrivals that are neither duplicates nor late. */
  readonly candidates: Arrival[]
  readonly duplicates: number
  readonly late: RejectedArrival[]
}

/**
 * Decides on one arrival after the other, in the order of arrival: each moves the clock first (C1).
 */
function admit(state: UserState, closed: readonly Session[], arrivals: readonly Arrival[], rules: Rules): Admission {
  // A single arrival, the usual case, has no other to be a duplicate of.
  const seen = arrivals.length > 1 ? new Set<string>() : null
  const heldCopy = copySearch([...state.open, ...closed], arrivals.length)
  const candidates: Arrival[] = []
  const late: RejectedArrival[] = []
  let skewMs = state.skewMs
  let duplicates = 0
  for (const arrival of arrivals) {
    const { event, arrivalMs } = arrival
    const laterMs = laterSkew(skewMs, event, arrivalMs)
    skewMs = laterMs
    const behindMs = watermark(arrivalMs, laterMs, rules) - event.timeMs
    if (seen?.has(eventKey(event)) || heldCopy(event) !== undefined) {
      duplicates++
      continue
    }
    const rejection = rejectionByAge(behindMs, rules)
    if (rejection !== null) late.push({ arrival, ...rejection })
    else {
      seen?.add(eventKey(event))
      candidates.push(arrival)
    }
  }
  return { skewMs, candidates, duplicates, late }
}

interface Addition {
  readonly open: readonly Session[]
  readonly rejected: ReadonlySet<Arrival>
  readonly amended: number
}

const NONE: ReadonlySet<Arrival> = new Set()

/**
 * Opens the closed sessions that the candidates may change, and splits the affected sessions anew.
 */
function addCandidates(
  open: readonly Session[],
  closed: readonly Session[],
  candidates: readonly Arrival[],
  rules: Rules,
): Addition {
  const all = reopen(open, closed, candidates, rules)
  const rejected = rejectedCandidates(all, closed, candidates, rules)
  const admitted = candidates.filter((arrival) => !rejected.has(arrival))
  const { reopened, affected } = rejected.size === 0 ? all : reopen(open, closed, admitted, rules)
  const next = admitted.length === 0 ? open : resessionize(open, reopened, affected, admitted, rules)
  return { open: next, rejected, amended: reopened.length }
}

/**
 * The candidates that would change a final result (C7), or open more than the user's item can hold.
 */
function rejectedCandidates(
  { fits, reopened, affected }: Reopening,
  closed: readonly Session[],
  candidates: readonly Arrival[],
  rules: Rules,
): ReadonlySet<Arrival> {
  const thatOverlap = (sessions: readonly Session[]): ReadonlySet<Arrival> => {
    const overlapped = overlappedSessions(sessions, rules)
    return new Set(candidates.filter((arrival) => overlapped(arrival).length > 0))
  }
  if (rules.lateEvents === 'divert') return thatOverlap(closed)
  return fits ? NONE : thatOverlap([...reopened, ...affected])
}

function withReason(rejected: Iterable<Arrival>, rules: Rules): RejectedArrival[] {
  return [...rejected].map((arrival) => ({ arrival, ...reopeningRejection(rules) }))
}
