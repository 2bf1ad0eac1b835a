// Decides to which search of a session each Results and each click belongs (R1-R4).

import {
  type ClickEvent,
  type Event,
  FINGERPRINT_LENGTH,
  type ResultsEvent,
  type SearchEvent,
} from '../events/event.ts'

/** The evidence by which a click belongs to its search (R3). */
export type Evidence = 'searchId' | 'item' | 'order'

export interface AttributedClick {
  readonly click: ClickEvent
  readonly evidence: Evidence
  /** 1-based: the click's own, else the rank in the Results, else by ordinal, else null. */
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
  /** Clicks that belong to no search. They are counted and never credited. */
  readonly orphans: readonly ClickEvent[]
}

/** A search while its results and clicks are collected. */
class CollectedSearch implements AttributedSearch {
  readonly results: ResultsEvent[] = []
  readonly clicks: AttributedClick[] = []
  readonly search: SearchEvent
  #ranks: ReadonlyMap<string, number> | undefined

  constructor(search: SearchEvent) {
    this.search = search
  }

  /** The 1-based ranks by item fingerprint. A later Results of the search is its next page. */
  get ranks(): ReadonlyMap<string, number> {
    this.#ranks ??= ranksIn(this.results)
    return this.#ranks
  }
}

/**
 * Attributes the Results and clicks of one session to its searches.
 *
 * For example, a user searches dogs, then cats, goes back and clicks a dog without a `searchId`.
 * The click belongs to the search for dogs, whose Results list the item.
 *
 * @param events one session's, in order (S2).
 */
export function attribute(events: readonly Event[]): Attribution {
  const searches: CollectedSearch[] = []
  const byId = new Map<string, CollectedSearch>()
  addSearches(events, searches, byId)
  addResults(events, searches, byId)
  return { searches, orphans: addClicks(events, searches, byId) }
}

/** Adds each Search, except one that repeats a search id: it is the earlier search again (R1). */
function addSearches(events: readonly Event[], searches: CollectedSearch[], byId: Map<string, CollectedSearch>): void {
  for (const event of events) {
    if (event.type !== 'Search' || (event.searchId !== null && byId.has(event.searchId))) continue
    const search = new CollectedSearch(event)
    searches.push(search)
    if (event.searchId !== null) byId.set(event.searchId, search)
  }
}

/**
 * Adds each Results to the search with its id, which may be later. Without an id it belongs to the
 * latest search before it (R2).
 */
function addResults(
  events: readonly Event[],
  searches: readonly CollectedSearch[],
  byId: ReadonlyMap<string, CollectedSearch>,
): void {
  let passed = 0
  for (const event of events) {
    if (event === searches[passed]?.search) passed++
    if (event.type !== 'Results') continue
    const owner = event.searchId === null ? searches[passed - 1] : byId.get(event.searchId)
    owner?.results.push(event)
  }
}

/** Adds each click to its search, and returns the orphans (R3). */
function addClicks(
  events: readonly Event[],
  searches: readonly CollectedSearch[],
  byId: ReadonlyMap<string, CollectedSearch>,
): ClickEvent[] {
  const orphans: ClickEvent[] = []
  /** By fingerprint, the latest of the first `listed` searches that lists the item. */
  const listing = new Map<string, CollectedSearch>()
  let [passed, listed] = [0, 0]
  const addClick = (click: ClickEvent, owner: CollectedSearch | undefined, evidence: Evidence): void => {
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
      const search = searches[listed] as CollectedSearch
      for (const fingerprint of search.ranks.keys()) listing.set(fingerprint, search)
    }
    // A user who goes back clicks on an older list. So the list with the item is better evidence.
    const lister = listing.get(event.itemFingerprint)
    addClick(event, lister ?? searches[passed - 1], lister === undefined ? 'order' : 'item')
  }
  return orphans
}

function positionOf(click: ClickEvent, owner: CollectedSearch): number | null {
  return click.position ?? owner.ranks.get(click.itemFingerprint) ?? positionByOrdinal(click.ordinal)
}

/**
 * An ordinal of 0 means the first item. Any other counts from 1, as the schema of UBI defines it.
 */
function positionByOrdinal(ordinal: number | undefined): number | null {
  return ordinal === undefined ? null : Math.max(ordinal, 1)
}

function ranksIn(results: readonly ResultsEvent[]): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>()
  let rank = 0
  for (const { itemFingerprints } of results) {
    for (let start = 0; start < itemFingerprints.length; start += FINGERPRINT_LENGTH) {
      const fingerprint = itemFingerprints.slice(start, start + FINGERPRINT_LENGTH)
      rank++
      if (!ranks.has(fingerprint)) ranks.set(fingerprint, rank)
    }
  }
  return ranks
}
