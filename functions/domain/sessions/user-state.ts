// A user's open sessions and clock: the state and newly arrived events in, the next state out (C6, C7).

import type { Arrival } from '../events/event.ts'
import { fittingBatches, overlaps, reopen } from './amending.ts'
import { laterSkew, type Skew, watermark } from './clock.ts'
import { hasEvent } from './event-index.ts'
import { type Forgotten, isForgotten, remembered } from './forgotten.ts'
import { resessionize } from './resessionize.ts'
import type { Rules } from './rules.ts'
import { lengthened, type Session, sessionId } from './session.ts'

export interface UserState {
  /** Grows by one with every write; a write is conditional on it. 0 before the first. */
  readonly version: number
  readonly skewMs: Skew
  /** No event after this one can touch a closed session of the user; null while none was closed. */
  readonly lastAffectingTimeMs: number | null
  /** Ordered by first event. */
  readonly open: readonly Session[]
  /** Null for a user who never was. */
  readonly forgotten: Forgotten | null
}

export const NEW_USER: UserState = {
  version: 0,
  skewMs: null,
  lastAffectingTimeMs: null,
  open: [],
  forgotten: null,
}

export interface Refusal {
  readonly arrival: Arrival
  readonly reason: 'too-late' | 'late'
  readonly detail: string
}

export interface Applied {
  /** Same version as before: the writer raises it. */
  readonly state: UserState
  readonly accepted: number
  readonly duplicates: number
  readonly refused: readonly Refusal[]
  /** From before the user was forgotten: dropped, as if they had never come. */
  readonly forgotten: number
  /** How many closed sessions were opened again. */
  readonly amended: number
  /** False when the state is as it was, so that nothing needs to be written. */
  readonly changed: boolean
}

/**
 * Adds arrivals to a user's sessions. Applying an arrival twice changes nothing, and in `amend` the sessions do not
 * depend on the order of arrivals or on how they are split into calls.
 *
 * @param closed the closed sessions near each of `affectedRanges`: those of `neighbours`.
 * @param arrivals what does not fit at once (`planCapacity`) is refused.
 */
export function apply(
  state: UserState,
  closed: readonly Session[],
  arrivals: readonly Arrival[],
  rules: Rules,
): Applied {
  const onlyClosed = notOpen(closed, state)
  const arrived = remembered(state, arrivals)
  const { skewMs, admitted: candidates, duplicates, refused } = admit(state, onlyClosed, arrived, rules)
  const { open, rejected, amended } =
    appended(state.open, onlyClosed, candidates, rules) ?? applyGeneral(state.open, onlyClosed, candidates, rules)
  return {
    state: { ...state, skewMs, open },
    accepted: candidates.length - rejected.size,
    duplicates,
    refused: rejected.size === 0 ? refused : [...refused, ...refusals(rejected, rules)],
    forgotten: arrivals.length - arrived.length,
    amended,
    changed: candidates.length > rejected.size || skewMs !== state.skewMs,
  }
}

interface Taken {
  readonly open: readonly Session[]
  readonly rejected: ReadonlySet<Arrival>
  readonly amended: number
}

const NONE: ReadonlySet<Arrival> = new Set()

/**
 * What `applyGeneral` would make of it, for what nearly all arrivals are: in order, of a user with one session at most, which
 * they make longer. Null for any other.
 */
function appended(
  open: readonly Session[],
  closed: readonly Session[],
  candidates: readonly Arrival[],
  rules: Rules,
): Taken | null {
  if (closed.length > 0 || open.length > 1) return null
  const session = lengthened(
    open[0],
    candidates.map(({ event }) => event),
    rules,
  )
  return session && { open: [session], rejected: NONE, amended: 0 }
}

function applyGeneral(
  open: readonly Session[],
  closed: readonly Session[],
  candidates: readonly Arrival[],
  rules: Rules,
): Taken {
  const rejected = rejectedCandidates(open, closed, candidates, rules)
  const admitted = candidates.filter((arrival) => !rejected.has(arrival))
  const { reopened, affected } = reopen(open, closed, admitted, rules)
  const next = admitted.length === 0 ? open : resessionize(open, reopened, affected, admitted, rules)
  return { open: next, rejected, amended: reopened.length }
}

/** What cannot be taken in: it overlaps what is published for good (C7), or more than can be open at once. */
function rejectedCandidates(
  open: readonly Session[],
  closed: readonly Session[],
  candidates: readonly Arrival[],
  rules: Rules,
): ReadonlySet<Arrival> {
  const touching = (sessions: readonly Session[]): ReadonlySet<Arrival> =>
    new Set(candidates.filter((arrival) => sessions.some((session) => overlaps(arrival, session, rules))))
  if (rules.lateEvents === 'divert') return touching(closed)
  const { fits, reopened, affected } = reopen(open, closed, candidates, rules)
  return fits ? new Set() : touching([...reopened, ...affected])
}

export interface CapacityPlan<A extends Arrival> {
  /** The arrivals, to be applied one batch after the other: what is more than fits at once stands in several. */
  readonly batches: readonly (readonly A[])[]
  /** Open sessions to close before the first batch is applied, since all would not fit in the user's item together. */
  readonly evictions: readonly Session[]
}

/** What applying these arrivals asks of the user's item. */
export function planCapacity<A extends Arrival>(
  state: UserState,
  closed: readonly Session[],
  arrivals: readonly A[],
  rules: Rules,
): CapacityPlan<A> {
  const onlyClosed = notOpen(closed, state)
  // Only what is opened again needs room, and what a limit cut may continue where nobody keeps it.
  if (onlyClosed.length === 0 && state.open.every(({ limitedBy }) => limitedBy === null)) {
    return { batches: [arrivals], evictions: [] }
  }
  const arrived = remembered(state, arrivals)
  const { fits, evictions } = reopen(state.open, onlyClosed, arrived, rules)
  if (fits) return { batches: [arrivals], evictions }
  const batches = fittingBatches(state.open, onlyClosed, arrived, rules)
  const dropped = arrivals.filter((arrival) => isForgotten(arrival, state.forgotten))
  const [first = [], ...rest] = batches
  return {
    batches: [[...dropped, ...first], ...rest],
    evictions: reopen(state.open, onlyClosed, first, rules).evictions,
  }
}

/** A session that was opened again keeps its stored copy until it closes again; the open one is the newer. */
function notOpen(closed: readonly Session[], state: UserState): Session[] {
  if (closed.length === 0) return []
  const openIds = new Set(state.open.flatMap((session) => session.ids))
  return closed.filter((session) => !openIds.has(sessionId(session)))
}

function refusals(rejected: Iterable<Arrival>, rules: Rules): Refusal[] {
  return [...rejected].map((arrival) => ({ arrival, ...refusalOf(rules) }))
}

const BEHIND = 'behind the watermark of its user'

/** Why a closed session is not opened again. */
export function refusalOf({ lateEvents }: Rules): Omit<Refusal, 'arrival'> {
  if (lateEvents === 'divert') return { reason: 'late', detail: 'the result of its session is published' }
  const detail = 'its session belongs to a run of full sessions that is too long to be opened again'
  return { reason: 'too-late', detail }
}

interface Admission {
  readonly skewMs: Skew
  readonly admitted: Arrival[]
  readonly duplicates: number
  readonly refused: Refusal[]
}

/** One arrival after the other, as they arrived: each moves the clock, then is candidates by it. */
function admit(state: UserState, closed: readonly Session[], arrivals: readonly Arrival[], rules: Rules): Admission {
  // Made when there is anything to put into it that another arrival may repeat.
  const seen = arrivals.length > 1 ? new Set<string>() : null
  const admitted: Arrival[] = []
  const refused: Refusal[] = []
  let skewMs = state.skewMs
  let duplicates = 0
  for (const arrival of arrivals) {
    const { event, arrivalMs } = arrival
    const laterMs = laterSkew(skewMs, event, arrivalMs)
    skewMs = laterMs
    const behindMs = watermark(arrivalMs, laterMs, rules) - event.timeMs
    if (seen?.has(event.eventId) || hold(state.open, event.eventId) || hold(closed, event.eventId)) duplicates++
    else if (rules.lateEvents === 'divert' && behindMs > 0) refused.push({ arrival, reason: 'late', detail: BEHIND })
    else if (behindMs > rules.amendForMs) refused.push({ arrival, reason: 'too-late', detail: BEHIND })
    else {
      seen?.add(event.eventId)
      admitted.push(arrival)
    }
  }
  return { skewMs, admitted, duplicates, refused }
}

function hold(sessions: readonly Session[], eventId: string): boolean {
  for (const { events } of sessions) if (hasEvent(events, eventId)) return true
  return false
}
