// Attribution (R1-R4): one session's events in, its searches with what was shown and clicked, and the orphan clicks, out.

import {
  type ClickEvent,
  type Event,
  FINGERPRINT_LENGTH,
  type ResultsEvent,
  type SearchEvent,
} from '../events/event.ts'

/** By what a click was tied to its search (R3). */
export type Evidence = 'searchId' | 'item' | 'order'

export interface AttributedClick {
  readonly click: ClickEvent
  readonly evidence: Evidence
  /** As the click said it, else the item's place in the search's Results (1-based), else by its ordinal, else null. */
  readonly position: number | null
}

export interface AttributedSearch {
  readonly search: SearchEvent
  /** In order. */
  readonly results: readonly ResultsEvent[]
  readonly clicks: readonly AttributedClick[]
}

export interface Attribution {
  readonly searches: readonly AttributedSearch[]
  /** Clicks that belong to no search: counted, never credited. */
  readonly orphans: readonly ClickEvent[]
}

class OpenSearch implements AttributedSearch {
  readonly results: ResultsEvent[] = []
  readonly clicks: AttributedClick[] = []
  readonly search: SearchEvent
  #places: ReadonlyMap<string, number> | undefined

  constructor(search: SearchEvent) {
    this.search = search
  }

  /** Of each mark its place, 1-based, in the lists one after the other: a second Results of a search is its next page. */
  get places(): ReadonlyMap<string, number> {
    this.#places ??= placesIn(this.results)
    return this.#places
  }
}

/** @param events one session's, in order (S2). */
export function attribute(events: readonly Event[]): Attribution {
  const searches: OpenSearch[] = []
  const byId = new Map<string, OpenSearch>()
  addSearches(events, searches, byId)
  addResults(events, searches, byId)
  return { searches, orphans: addClicks(events, searches, byId) }
}

/** Each Search is one, except that a repeated search id is the search that it repeats, and does not move it (R1). */
function addSearches(events: readonly Event[], searches: OpenSearch[], byId: Map<string, OpenSearch>): void {
  for (const event of events) {
    if (event.type !== 'Search' || (event.searchId !== null && byId.has(event.searchId))) continue
    const search = new OpenSearch(event)
    searches.push(search)
    if (event.searchId !== null) byId.set(event.searchId, search)
  }
}

/** To the search of its id, be it a later one; without an id to the latest before it (R2). */
function addResults(
  events: readonly Event[],
  searches: readonly OpenSearch[],
  byId: ReadonlyMap<string, OpenSearch>,
): void {
  let passed = 0
  for (const event of events) {
    if (event === searches[passed]?.search) passed++
    if (event.type !== 'Results') continue
    const owner = event.searchId === null ? searches[passed - 1] : byId.get(event.searchId)
    owner?.results.push(event)
  }
}

/** Gives back those of no search (R3). */
function addClicks(
  events: readonly Event[],
  searches: readonly OpenSearch[],
  byId: ReadonlyMap<string, OpenSearch>,
): ClickEvent[] {
  const orphans: ClickEvent[] = []
  /** Of each mark the latest of the first searches that lists it; as many searches as were looked at. */
  const listing = new Map<string, OpenSearch>()
  let [passed, listed] = [0, 0]
  const addClick = (click: ClickEvent, owner: OpenSearch | undefined, evidence: Evidence): void => {
    if (owner === undefined) orphans.push(click)
    else owner.clicks.push({ click, evidence, position: positionOf(click, owner) })
  }
  for (const event of events) {
    if (event === searches[passed]?.search) passed++
    if (event.type !== 'ClickResult') continue
    if (event.searchId !== null) {
      addClick(event, byId.get(event.searchId), 'searchId')
      continue
    }
    for (; listed < passed; listed++) {
      const search = searches[listed] as OpenSearch
      for (const mark of search.places.keys()) listing.set(mark, search)
    }
    // A user who goes back clicks on an older list: the list that shows the item is better evidence than the order.
    const lister = listing.get(event.itemFingerprint)
    addClick(event, lister ?? searches[passed - 1], lister === undefined ? 'order' : 'item')
  }
  return orphans
}

function positionOf(click: ClickEvent, owner: OpenSearch): number | null {
  return click.position ?? owner.places.get(click.itemFingerprint) ?? positionByOrdinal(click.ordinal)
}

/** Only who counts from 0 says 0; any other number is taken as its schema means it, from 1. */
function positionByOrdinal(ordinal: number | undefined): number | null {
  return ordinal === undefined ? null : Math.max(ordinal, 1)
}

function placesIn(results: readonly ResultsEvent[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>()
  let place = 0
  for (const { itemFingerprints } of results) {
    for (let start = 0; start < itemFingerprints.length; start += FINGERPRINT_LENGTH) {
      const mark = itemFingerprints.slice(start, start + FINGERPRINT_LENGTH)
      place++
      if (!places.has(mark)) places.set(mark, place)
    }
  }
  return places
}
