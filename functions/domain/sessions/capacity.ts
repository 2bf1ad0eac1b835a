// Plans in which order arrivals apply when reopened sessions would overfill a user's item.

import type { Arrival } from '../events/event.ts'
import { reopen, withoutReopened } from './amending.ts'
import { isForgotten, withoutForgotten } from './forgotten.ts'
import type { Rules } from './rules.ts'
import type { Session } from './session.ts'
import type { UserState } from './user-state.ts'

export interface CapacityPlan<A extends Arrival> {
  /** The arrivals, to be applied one batch after the other. Nearly always one batch. */
  readonly batches: readonly (readonly A[])[]
  /** Open sessions to close first: the item cannot hold them beside the reopened ones. */
  readonly evictions: readonly Session[]
}

/**
 * Plans how to apply the arrivals so that the user's item can hold the sessions they open again.
 *
 * @param closed the closed sessions around each of `affectedRanges`, as `neighbours` finds them.
 */
export function planCapacity<A extends Arrival>(
  state: UserState,
  closed: readonly Session[],
  arrivals: readonly A[],
  rules: Rules,
): CapacityPlan<A> {
  const onlyClosed = withoutReopened(closed, state.open)
  // Only reopened sessions and lost continuations can make the arrivals too much for the item.
  if (onlyClosed.length === 0 && state.open.every(({ limitedBy }) => limitedBy === null)) {
    return { batches: [arrivals], evictions: [] }
  }
  const current = withoutForgotten(state, arrivals)
  const { fits, evictions } = reopen(state.open, onlyClosed, current, rules)
  if (fits) return { batches: [arrivals], evictions }
  const batches = fittingBatches(state.open, onlyClosed, current, rules)
  const dropped = arrivals.filter((arrival) => isForgotten(arrival, state.forgotten))
  const [first = [], ...rest] = batches
  return {
    batches: [[...dropped, ...first], ...rest],
    evictions: reopen(state.open, onlyClosed, first, rules).evictions,
  }
}

/**
 * Divides the arrivals into batches that fit, where that is possible. Arrivals that change the same
 * sessions stay together. A batch is as large as it can be, since each is a write.
 */
function fittingBatches<A extends Arrival>(
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

/** Groups the arrivals that may change a session in common, directly or by way of others. */
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
