// Computes by the rules (R1-R4a, R8) which search of a session each click belongs to, and where it
// lies. It shares no code with the pipeline, and is written to be read, not to be fast.

import type { ClickEvent, Event, ResultsEvent, SearchEvent } from '../functions/domain/events/event.ts'

export interface OracleSearch {
  readonly eventId: string
  readonly resultCount: number | null
  readonly clicks: number
  /** The known positions of the clicks, in order. */
  readonly positions: readonly number[]
  /** The names and values of the labels that rows have, by name. */
  readonly labels: readonly (readonly [string, string])[]
}

export interface OracleResults {
  readonly searches: readonly OracleSearch[]
  readonly orphans: { readonly search_elsewhere: number; readonly no_search: number }
}

/** The searches of one session, and which of them each Results and each click belongs to. */
export function oracleOwners(events: readonly Event[]) {
  const searchEvents = events.filter((event) => event.type === 'Search')
  /** The first Search with an id stands for all of them (R1). */
  const searchOf = (event: SearchEvent): SearchEvent =>
    event.searchId === null ? event : (named(event.searchId) ?? event)
  const named = (id: string): SearchEvent | undefined => searchEvents.find(({ searchId }) => searchId === id)
  /** The searches before an event, the latest visit first. */
  const before = (event: Event): SearchEvent[] =>
    events
      .slice(0, events.indexOf(event))
      .filter((other) => other.type === 'Search')
      .reverse()
      .map(searchOf)
  const listsOf = (search: SearchEvent): ResultsEvent[] =>
    events
      .filter((event) => event.type === 'Results')
      .filter((list) => (list.searchId === null ? before(list)[0] : named(list.searchId)) === search)
  const ownerOf = (click: ClickEvent): SearchEvent | undefined => {
    if (click.searchId !== null) return named(click.searchId)
    const visited = before(click)
    return visited.find((search) => listsOf(search).some((list) => lists(list, click))) ?? visited[0]
  }
  return { searches: searchEvents.filter((event) => searchOf(event) === event), listsOf, ownerOf }
}

/**
 * @param events one session's, in order (S2).
 * @param segments the labels that rows have (M4).
 */
export function oracleResults(events: readonly Event[], segments: readonly string[]): OracleResults {
  const { searches, listsOf, ownerOf } = oracleOwners(events)
  const clicks = events.filter((event) => event.type === 'ClickResult')
  const orphans = clicks.filter((click) => ownerOf(click) === undefined)
  return {
    searches: searches.map((search) => {
      const own = clicks.filter((click) => ownerOf(click) === search)
      const counts = listsOf(search).map(({ resultCount }) => resultCount)
      return {
        eventId: search.eventId,
        resultCount: counts.length === 0 ? null : Math.max(...counts),
        clicks: own.length,
        positions: own.flatMap((click) => positionIn(listsOf(search), click, events) ?? []),
        labels: labelsOf(search).filter(([name]) => segments.includes(name)),
      }
    }),
    orphans: {
      search_elsewhere: orphans.filter(({ searchId }) => searchId !== null).length,
      no_search: orphans.filter(({ searchId }) => searchId === null).length,
    },
  }
}

function itemsOf(list: ResultsEvent): string[] {
  return list.itemFingerprints.match(/.{8}/g) ?? []
}

function lists(list: ResultsEvent, click: ClickEvent): boolean {
  return itemsOf(list).includes(click.itemFingerprint)
}

function share(a: ResultsEvent, b: ResultsEvent): boolean {
  return itemsOf(a).some((item) => itemsOf(b).includes(item))
}

function labelsOf({ labels }: SearchEvent): [string, string][] {
  return [...Object.entries(labels ?? {})].sort()
}

/** The position of a click among the lists of its search (R4a). */
function positionIn(all: readonly ResultsEvent[], click: ClickEvent, events: readonly Event[]): number | null {
  if (click.position !== null) return click.position
  const listing = all.filter((list) => lists(list, click))
  const shown = listing.filter((list) => events.indexOf(list) < events.indexOf(click))
  const list = shown.at(-1) ?? listing[0]
  if (list === undefined) return click.ordinal ?? null
  const cameAtOnce = (other: ResultsEvent): boolean => Math.abs(other.timeMs - list.timeMs) <= 1000
  const hasSibling = all.some((other) => itemsOf(other).length > 0 && cameAtOnce(other) && !share(other, list))
  if (hasSibling && click.ordinal !== undefined) return click.ordinal
  return offsetOf(list, all) + itemsOf(list).indexOf(click.itemFingerprint) + 1
}

/** The results before a list: as sent, else those of the list that it repeats or continues. */
function offsetOf(list: ResultsEvent, all: readonly ResultsEvent[]): number {
  if (list.offset !== undefined) return list.offset
  const earlier = all.slice(0, all.indexOf(list))
  const repeated = earlier.filter((other) => share(other, list)).map((other) => offsetOf(other, all))
  if (repeated.length > 0) return Math.min(...repeated)
  return Math.max(0, ...earlier.map((other) => offsetOf(other, all) + itemsOf(other).length))
}
