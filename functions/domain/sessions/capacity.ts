// Plans in which order arrivals apply when reopened sessions would overfill a user's item.

import { type Arrival, compareEvents, type Event } from '../events/event.ts'
import { removedCopies } from './admission.ts'
import { continuations, overlappedSessions, type Reopening, reopen, reopening, withoutReopened } from './amending.ts'
import { isForgotten, withoutForgotten } from './forgotten.ts'
import type { Rules } from './rules.ts'
import type { Session } from './session.ts'
import { OPEN_SESSIONS_MAX, STATE_BYTES_MAX, totalBytes } from './state-size.ts'
import type { UserState } from './user-state.ts'

export interface CapacityPlan<A extends Arrival> {
  /** The arrivals, to be applied one group after the other. Nearly always one group. */
  readonly groups: readonly (readonly A[])[]
  /** Open sessions to close first: the item cannot hold them beside the reopened ones. */
  readonly evictions: readonly Session[]
}

/** @param closed the closed sessions around the `affectedRanges`, as `neighbours` finds them. */
export function planCapacity<A extends Arrival>(
  state: UserState,
  closed: readonly Session[],
  arrivals: readonly A[],
  rules: Rules,
): CapacityPlan<A> {
  const onlyClosed = withoutReopened(closed, state.open)
  // Only reopened sessions and lost continuations can make the arrivals too much for the item.
  if (onlyClosed.length === 0 && state.open.every(({ limitedBy }) => limitedBy === null)) {
    return { groups: [arrivals], evictions: [] }
  }
  const current = withoutForgotten(state, arrivals)
  const removedBy = removedCopies([...state.open, ...onlyClosed], current.length, rules)
  const reopenFor = (some: readonly A[]): Reopening =>
    reopen(state.open, onlyClosed, some, some.flatMap(removedBy), rules)
  const { fits, evictions } = reopenFor(current)
  if (fits) return { groups: [arrivals], evictions }
  const groups = fittingGroups(state.open, onlyClosed, current, removedBy, rules)
  const dropped = arrivals.filter((arrival) => isForgotten(arrival, state.forgotten))
  const [first = [], ...rest] = groups
  return {
    groups: [[...dropped, ...first], ...rest],
    evictions: reopenFor(first).evictions,
  }
}

/**
 * Divides the arrivals into groups that fit, where that is possible. Arrivals that change the same
 * sessions stay together. A group is as large as it can be, since each is a write.
 */
function fittingGroups<A extends Arrival>(
  open: readonly Session[],
  closed: readonly Session[],
  arrivals: readonly A[],
  removedBy: (arrival: Arrival) => Event[],
  rules: Rules,
): A[][] {
  const reopenFor = reopening(open, closed, rules)
  const groups: A[][] = []
  let size = NOTHING
  for (const related of relatedArrivals(open, closed, arrivals, rules)) {
    const reopened = reopenFor(related, related.flatMap(removedBy))
    // Groups of related arrivals share no session, so their sizes add up.
    const together = added(size, reopened)
    const latest = groups.at(-1)
    if (latest !== undefined && reopened.fits && canBeOpen(together)) {
      latest.push(...related)
      size = together
    } else {
      groups.push(related)
      size = added(NOTHING, reopened)
    }
  }
  return groups
}

/** Counts what a group of arrivals opens again, and how much is open with it. */
interface OpenSize {
  readonly reopened: number
  readonly count: number
  readonly bytes: number
}

const NOTHING: OpenSize = { reopened: 0, count: 0, bytes: 0 }

/** The size with a further group. A group that does not fit alone takes no other arrivals. */
function added(size: OpenSize, { reopened, affected, fits }: Reopening): OpenSize {
  return {
    reopened: size.reopened + reopened.length,
    count: size.count + (fits ? reopened.length + affected.size : Number.POSITIVE_INFINITY),
    bytes: size.bytes + totalBytes(reopened) + totalBytes(affected),
  }
}

function canBeOpen({ reopened, count, bytes }: OpenSize): boolean {
  if (count === Number.POSITIVE_INFINITY) return false
  return reopened === 0 || (count <= OPEN_SESSIONS_MAX && bytes <= STATE_BYTES_MAX)
}

/**
 * Groups the arrivals that may change a session in common, directly or by way of others. In the
 * order of their events such arrivals follow each other. Inside a group they keep their order.
 */
function relatedArrivals<A extends Arrival>(
  open: readonly Session[],
  closed: readonly Session[],
  arrivals: readonly A[],
  rules: Rules,
): A[][] {
  const overlapped = overlappedSessions([...open, ...closed], rules)
  const endOf = chainEnds(open, closed)
  const positions = new Map(arrivals.map((arrival, n) => [arrival, n]))
  const groups: A[][] = []
  let ends = new Set<Session>()
  for (const arrival of [...arrivals].sort((a, b) => compareEvents(a.event, b.event))) {
    const own = overlapped(arrival).map(endOf)
    const latest = groups.at(-1)
    if (latest !== undefined && own.some((end) => ends.has(end))) latest.push(arrival)
    else {
      groups.push([arrival])
      ends = new Set()
    }
    for (const end of own) ends.add(end)
  }
  for (const group of groups) group.sort((a, b) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0))
  return groups
}

/** Returns a search for the last session of the chain of full sessions that a session is in. */
function chainEnds(open: readonly Session[], closed: readonly Session[]): (session: Session) => Session {
  const next = continuations(open, closed)
  const ends = new Map<Session, Session>()
  return (session) => {
    const walked = new Set<Session>()
    let end = session
    for (let at: Session | undefined = session; at !== undefined && !walked.has(at); ) {
      const known = ends.get(at)
      end = known ?? at
      walked.add(at)
      at = known !== undefined || at.limitedBy === null ? undefined : next(at)
    }
    for (const one of walked) ends.set(one, end)
    return end
  }
}
