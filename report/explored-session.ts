// Turns a session into the steps that the explorer shows, in bounded size.

import type { ClickEvent, Event, SearchEvent } from '../functions/domain/events/event.ts'
import { labelText } from '../functions/domain/events/label-text.ts'
import {
  type AttributedClick,
  type AttributedSearch,
  type Attribution,
  attribute,
  type Evidence,
} from '../functions/domain/results/attribution.ts'
import type { ClosedSession } from '../functions/domain/results/result.ts'
import { dwellTimes } from '../functions/domain/results/satisfaction.ts'
import type { CloseReason } from '../functions/domain/sessions/clock.ts'
import { firstEvent, sessionId } from '../functions/domain/sessions/session.ts'
import { truncateText } from './number-text.ts'

/** The evidence that credits a click to a search. An orphan is credited to none. */
export type ClickEvidence = Evidence | 'orphan'

interface TimedStep {
  readonly atMs: number
}

/**
 * Searches are numbered from 1 in their order. `search` is the number of the search that a step
 * belongs to, or null.
 */
export type Step = TimedStep &
  (
    | { readonly kind: 'open' | 'close' | 'timeout' }
    | {
        readonly kind: 'search'
        readonly search: number
        readonly query: string
        /** Empty where the search has none. */
        readonly labels: string
        readonly resultCount: number | null
        readonly clicks: number
      }
    | { readonly kind: 'results' | 'repeat'; readonly search: number | null; readonly resultCount: number | null }
    | {
        readonly kind: 'click'
        readonly search: number | null
        readonly item: string
        readonly position: number | null
        readonly evidence: ClickEvidence
        /** Null where it is unknown (M1). */
        readonly dwellMs: number | null
      }
  )

export interface ExploredSession {
  /** Null where users are hidden, since an id may contain what producers sent. */
  readonly id: string | null
  readonly user: string
  readonly startMs: number
  readonly endMs: number
  /** Null while the session is open. */
  readonly closeReason: CloseReason | null
  readonly continuesAnother: boolean
  readonly searches: number
  readonly searchesWithClick: number
  readonly clicks: number
  readonly orphans: number
  readonly steps: readonly Step[]
  /** The number of steps after the last of `steps`. */
  readonly stepsLeftOut: number
}

/** Bounds one session, so that a robot's does not fill the file. */
export const STEPS_MAX = 300
const TEXT_CHARACTERS_MAX = 160

export function exploreSession(
  { session, reason }: Pick<ClosedSession, 'session'> & { readonly reason: CloseReason | null },
  user: string,
  isUserHidden: boolean,
): ExploredSession {
  const attribution = attribute(session.events)
  const { searches, orphans } = attribution
  const numbered = numberSearches(attribution, dwellTimes(session.events))
  const steps = session.events.flatMap((event) => stepOf(event, numbered))
  // As in the rows, a Timeout does not lengthen the session.
  const last = session.events.findLast(({ type }) => type !== 'Timeout') ?? firstEvent(session)
  return {
    id: isUserHidden ? null : sessionId(session),
    user: truncateText(user, TEXT_CHARACTERS_MAX),
    startMs: firstEvent(session).timeMs,
    endMs: last.timeMs,
    closeReason: reason,
    continuesAnother: session.continues !== null,
    searches: searches.length,
    searchesWithClick: searches.filter(({ clicks }) => clicks.length > 0).length,
    clicks: searches.reduce((sum, { clicks }) => sum + clicks.length, 0),
    orphans: orphans.length,
    steps: steps.slice(0, STEPS_MAX),
    stepsLeftOut: Math.max(0, steps.length - STEPS_MAX),
  }
}

interface SearchNumbers {
  readonly searches: readonly AttributedSearch[]
  /** The number of the search that each event belongs to. */
  readonly numbers: ReadonlyMap<Event, number>
  readonly numbersById: ReadonlyMap<string | null, number>
  readonly clicks: ReadonlyMap<Event, AttributedClick>
  readonly dwells: ReturnType<typeof dwellTimes>
}

function numberSearches({ searches }: Attribution, dwells: SearchNumbers['dwells']): SearchNumbers {
  const numbers = new Map<Event, number>()
  const numbersById = new Map<string, number>()
  const attributed = new Map<Event, AttributedClick>()
  for (const [index, { search, results, clicks }] of searches.entries()) {
    for (const event of [search, ...results, ...clicks.map(({ click }) => click)]) numbers.set(event, index + 1)
    for (const click of clicks) attributed.set(click.click, click)
    if (search.searchId !== null) numbersById.set(search.searchId, index + 1)
  }
  return { searches, numbers, numbersById, clicks: attributed, dwells }
}

/** The first Results of a search has no step, since the step of the search shows its count. */
function stepOf(event: Event, numbered: SearchNumbers): Step[] {
  if (event.type === 'Search') return [searchStep(event, numbered)]
  if (event.type === 'ClickResult') return [clickStep(event, numbered)]
  const atMs = event.timeMs
  if (event.type !== 'Results') {
    return [{ kind: event.type === 'AppOpen' ? 'open' : event.type === 'AppClose' ? 'close' : 'timeout', atMs }]
  }
  const search = numbered.numbers.get(event) ?? null
  const isFirst = search !== null && numbered.searches[search - 1]?.results[0] === event
  return isFirst ? [] : [{ kind: 'results', atMs, search, resultCount: event.resultCount }]
}

function searchStep(event: SearchEvent, { searches, numbers, numbersById }: SearchNumbers): Step {
  const atMs = event.timeMs
  const search = numbers.get(event)
  const found = searches[(search ?? 0) - 1]
  if (search === undefined || found === undefined) {
    return { kind: 'repeat', atMs, search: numbersById.get(event.searchId) ?? null, resultCount: null }
  }
  const counts = found.results.map(({ resultCount }) => resultCount)
  const resultCount = counts.length === 0 ? null : Math.max(...counts)
  const query = truncateText(event.query, TEXT_CHARACTERS_MAX)
  const labels = truncateText(labelText(event.labels), TEXT_CHARACTERS_MAX)
  return { kind: 'search', atMs, search, query, labels, resultCount, clicks: found.clicks.length }
}

function clickStep(event: ClickEvent, { numbers, clicks, dwells }: SearchNumbers): Step {
  const click = clicks.get(event)
  return {
    kind: 'click',
    atMs: event.timeMs,
    search: numbers.get(event) ?? null,
    item: truncateText(event.item, TEXT_CHARACTERS_MAX),
    position: click?.position ?? event.position,
    evidence: click?.evidence ?? 'orphan',
    dwellMs: dwells.get(event) ?? null,
  }
}
