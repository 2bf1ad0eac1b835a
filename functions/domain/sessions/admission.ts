// Decides on a user's arrivals one after the other: which are duplicates, conflicting copies or
// late, and which to add (E2, C6, C7).

import { areSameCopies, replaces } from '../events/copies.ts'
import { type Arrival, type Event, eventKey } from '../events/event.ts'
import { laterSkew, type Skew, watermark } from './clock.ts'
import { copySearch } from './event-index.ts'
import { type RejectedArrival, rejectionByAge, reusedId } from './rejected-arrivals.ts'
import type { Rules } from './rules.ts'
import type { Session } from './session.ts'

/** An arrival to add. */
export interface Candidate<A extends Arrival = Arrival> {
  readonly arrival: A
  /** The copy that leaves its session, because the arrival counts instead (E2). */
  readonly removes: Event | null
}

export interface Admission {
  readonly skewMs: Skew
  readonly candidates: Candidate[]
  readonly duplicates: number
  readonly rejected: RejectedArrival[]
}

/**
 * Each arrival moves the clock first, in the order of arrival (C1). With `divert` the first copy
 * of an event counts, since a published result is final (C7).
 */
export function admit(
  before: { readonly skewMs: Skew; readonly open: readonly Session[] },
  closed: readonly Session[],
  arrivals: readonly Arrival[],
  rules: Rules,
): Admission {
  // A single arrival, the usual case, has no other to be a copy of.
  const seen = arrivals.length > 1 ? new Map<string, number>() : null
  const heldCopy = knownCopies(before.open, closed, arrivals.length, rules)
  const candidates: Candidate[] = []
  const rejected: RejectedArrival[] = []
  let skewMs = before.skewMs
  let duplicates = 0
  for (const arrival of arrivals) {
    const { event, arrivalMs } = arrival
    const laterMs = laterSkew(skewMs, event, arrivalMs)
    skewMs = laterMs
    const watermarkMs = watermark(arrivalMs, laterMs, rules)
    const at = seen?.get(eventKey(event))
    const earlier = at === undefined ? undefined : candidates[at]
    const known = earlier?.arrival.event ?? heldCopy(event, watermarkMs)
    const isCounting = known === undefined || (rules.lateEvents === 'amend' && replaces(event, known))
    if (known !== undefined && !isCounting && areSameCopies(event, known)) {
      duplicates++
      continue
    }
    const rejection = rejectionByAge(watermarkMs - event.timeMs, rules)
    if (rejection !== null) rejected.push({ arrival, ...rejection })
    else if (!isCounting) rejected.push({ arrival, ...reusedId(event.type) })
    else if (at === undefined || earlier === undefined) {
      seen?.set(eventKey(event), candidates.length)
      candidates.push({ arrival, removes: known ?? null })
    } else {
      candidates[at] = { arrival, removes: earlier.removes }
      if (isDuplicate(earlier, event)) duplicates++
      else rejected.push({ arrival: earlier.arrival, ...reusedId(event.type) })
    }
  }
  return { skewMs, candidates, duplicates, rejected }
}

/** Whether another copy has the contents of an arrival that no longer counts. */
function isDuplicate({ arrival, removes }: Candidate, counting: Event): boolean {
  return areSameCopies(arrival.event, counting) || (removes !== null && areSameCopies(arrival.event, removes))
}

/**
 * Returns a search for the copy of an event that a session holds. A closed session that can no
 * longer be amended is not searched for copies of other contents.
 */
function knownCopies(
  open: readonly Session[],
  closed: readonly Session[],
  questions: number,
  rules: Rules,
): (event: Event, watermarkMs: number) => Event | undefined {
  const openCopy = copySearch(open, questions)
  if (closed.length === 0) return openCopy
  const closedCopy = copySearch(closed, questions)
  return (event, watermarkMs) => {
    const isOpen = openCopy(event)
    if (isOpen !== undefined) return isOpen
    const copy = closedCopy(event)
    const isFinal = copy !== undefined && rejectionByAge(watermarkMs - copy.timeMs, rules)?.reason === 'too-late'
    return isFinal && copy !== undefined && !areSameCopies(event, copy) ? undefined : copy
  }
}

/**
 * Returns a search for the copy that an arrival would remove from one of the sessions, if the
 * arrival is admitted.
 */
export function removedCopies(
  sessions: readonly Session[],
  questions: number,
  rules: Rules,
): (arrival: Arrival) => Event[] {
  if (rules.lateEvents === 'divert' || sessions.length === 0) return () => []
  const heldCopy = copySearch(sessions, questions)
  return ({ event }) => {
    const copy = heldCopy(event)
    return copy !== undefined && replaces(event, copy) ? [copy] : []
  }
}
