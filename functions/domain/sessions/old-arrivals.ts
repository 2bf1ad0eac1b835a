// Rejects old arrivals before anybody reads closed sessions for them (C6).

import type { Arrival } from '../events/event.ts'
import { laterSkew, watermark } from './clock.ts'
import { copySearch } from './event-index.ts'
import { withoutForgotten } from './forgotten.ts'
import { type RejectedArrival, rejectionByAge } from './rejected-arrivals.ts'
import type { Rules } from './rules.ts'
import type { UserState } from './user-state.ts'

/**
 * A user's skew may grow after ingest accepted an event, so a copy of the event appears too old. Up
 * to so many old arrivals of a write, ingest reads the closed sessions to recognize copies. More
 * would let an abuser cause reads for events that are rejected anyway.
 */
export const COPIES_MAX = 100

/**
 * Rejects arrivals that are too old to amend a closed session, if they are too many to look for
 * copies among them. An event that an open session holds is not rejected here, since it is a
 * duplicate.
 *
 * @param arrivals in order of arrival: each moves the user's clock first (C1).
 */
export function rejectOld<A extends Arrival>(
  state: UserState,
  arrivals: readonly A[],
  rules: Rules,
): RejectedArrival<A>[] {
  const { open, lastAffectingTimeMs } = state
  if (lastAffectingTimeMs === null) return []
  let skewMs = state.skewMs
  const old = withoutForgotten(state, arrivals).flatMap((arrival): RejectedArrival<A>[] => {
    const { event, arrivalMs } = arrival
    const laterMs = laterSkew(skewMs, event, arrivalMs)
    skewMs = laterMs
    const rejection = rejectionByAge(watermark(arrivalMs, laterMs, rules) - event.timeMs, rules)
    return rejection === null || event.timeMs > lastAffectingTimeMs ? [] : [{ arrival, ...rejection }]
  })
  if (old.length <= COPIES_MAX) return []
  const openCopy = copySearch(open, old.length)
  return old.filter(({ arrival }) => openCopy(arrival.event) === undefined)
}
