// Computes which clicks and searches of a session satisfied the user, and which searches the user
// asked again in other words (M1-M3).

import type { ClickEvent, Event } from '../events/event.ts'
import type { AttributedSearch } from './attribution.ts'
import type { Satisfaction } from './result.ts'
import { foldQuery } from './rollup.ts'

export interface SuccessRules {
  /** A click satisfies when the user stays away from the search for at least this long (M2). */
  readonly satisfiedDwellMs: number
  /** How soon the next search has to begin to count as a reformulation (M3). */
  readonly reformulatedWithinMs: number
}

export interface SearchSuccess {
  /** Null without a click. */
  readonly satisfaction: Satisfaction | null
  readonly satisfiedClicks: number
  readonly unknownDwellClicks: number
  readonly isReformulated: boolean
  /** The time of the first satisfied click, or null. */
  readonly satisfiedAtMs: number | null
}

/**
 * Returns the dwell of each click: the time to the next Search or click, or else to the AppClose.
 * A repeated Search and an orphan click count, since the user was back. The dwell is null where the
 * session has neither after the click: nothing shows how long the user stayed.
 *
 * @param events one session's, in order (S2).
 */
export function dwellTimes(events: readonly Event[]): ReadonlyMap<ClickEvent, number | null> {
  const dwells = new Map<ClickEvent, number | null>()
  let untilMs: number | null = null
  for (let n = events.length - 1; n >= 0; n--) {
    const event = events[n] as Event
    if (event.type === 'ClickResult') dwells.set(event, untilMs === null ? null : untilMs - event.timeMs)
    const isEnd = event.type === 'AppClose' && untilMs === null
    if (isEnd || event.type === 'ClickResult' || event.type === 'Search') untilMs = event.timeMs
  }
  return dwells
}

/** @param searches those of the events, in order. The result has the same order. */
export function searchSuccesses(
  events: readonly Event[],
  searches: readonly AttributedSearch[],
  rules: SuccessRules,
): SearchSuccess[] {
  const dwells = dwellTimes(events)
  return searches.map((search, n) => searchSuccess(search, searches[n + 1], dwells, rules))
}

function searchSuccess(
  search: AttributedSearch,
  next: AttributedSearch | undefined,
  dwells: ReadonlyMap<ClickEvent, number | null>,
  rules: SuccessRules,
): SearchSuccess {
  let satisfiedClicks = 0
  let unknownDwellClicks = 0
  let satisfiedAtMs: number | null = null
  for (const { click } of search.clicks) {
    const dwellMs = dwells.get(click) ?? null
    if (dwellMs === null) unknownDwellClicks++
    if (dwellMs === null || dwellMs < rules.satisfiedDwellMs) continue
    satisfiedClicks++
    satisfiedAtMs ??= click.timeMs
  }
  const ofClicks = satisfiedClicks > 0 ? 'satisfied' : unknownDwellClicks > 0 ? 'unknown' : 'unsatisfied'
  const satisfaction = search.clicks.length === 0 ? null : ofClicks
  const isReformulated = satisfaction !== 'satisfied' && isOtherQuerySoon(search, next, rules)
  return { satisfaction, satisfiedClicks, unknownDwellClicks, isReformulated, satisfiedAtMs }
}

function isOtherQuerySoon(
  { search }: AttributedSearch,
  next: AttributedSearch | undefined,
  { reformulatedWithinMs }: SuccessRules,
): boolean {
  if (next === undefined || next.search.timeMs - search.timeMs > reformulatedWithinMs) return false
  // Most queries that are equal are so without folding, which takes longer.
  if (next.search.query === search.query) return false
  return foldQuery(next.search.query) !== foldQuery(search.query)
}
