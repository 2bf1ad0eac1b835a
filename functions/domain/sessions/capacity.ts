// Plans in which order arrivals apply when reopened sessions would overfill a user's item.

import type { Arrival } from '../events/event.ts'
import { reopen, withoutReopened } from './amending.ts'
import { isForgotten, withoutForgotten } from './forgotten.ts'
import type { Rules } from './rules.ts'
import type { Session } from './session.ts'
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
  const { fits, evictions } = reopen(state.open, onlyClosed, current, rules)
  if (fits) return { groups: [arrivals], evictions }
  const groups = fittingGroups(state.open, onlyClosed, current, rules)
  const dropped = arrivals.filter((arrival) => isForgotten(arrival, state.forgotten))
  const [first = [], ...rest] = groups
  return {
    groups: [[...dropped, ...first], ...rest],
    evictions: reopen(state.open, onlyClosed, first, rules).evictions,
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
  rules: Rules,
): A[][] {
  const groups: A[][] = []
  for (const related of relatedArrivals(open, closed, arrivals, rules)) {
    const latest = groups.at(-1)
    const together = [...(latest ?? []), ...related]
    if (latest !== undefined && reopen(open, closed, together, rules).fits) latest.push(...related)
    else groups.push(related)
  }
  return groups
}

/** Groups the arrivals that may change a session in common, directly or by way of others. */
function relatedArrivals<A extends Arrival>(
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
