// Decides to which search of a session each Results and each click belongs (R1-R3, R8).

import type { ClickEvent, Event, ResultsEvent, SearchEvent } from '../events/event.ts'
import { ResultLists } from './positions.ts'

/** The evidence by which a click belongs to its search (R3). */
export type Evidence = 'searchId' | 'item' | 'order'

export interface AttributedClick {
  readonly click: ClickEvent
  readonly evidence: Evidence
  /** 1-based: its own, else by the lists of its search, else by ordinal, else null (R4a). */
  readonly position: number | null
}

export interface AttributedSearch {
  readonly search: SearchEvent
  /** In order. */
  readonly results: readonly ResultsEvent[]
  readonly clicks: readonly AttributedClick[]
}

/**
 * Why a click belongs to no search of its session (R8). Its `searchId` may be of another session or
 * of another user, or was never sent: `search_elsewhere`. A click without a `searchId` came before
 * any search of the session: `no_search`.
 */
export const ORPHAN_CAUSES = ['search_elsewhere', 'no_search'] as const
export type OrphanCause = (typeof ORPHAN_CAUSES)[number]

export interface OrphanClick {
  readonly click: ClickEvent
  readonly cause: OrphanCause
}

export interface Attribution {
  readonly searches: readonly AttributedSearch[]
  /** Clicks that belong to no search. They are counted and never credited. */
  readonly orphans: readonly OrphanClick[]
}

/** A search while its results and clicks are collected. */
class CollectedSearch implements AttributedSearch {
  readonly results: ResultsEvent[] = []
  readonly clicks: AttributedClick[] = []
  readonly search: SearchEvent
  /** The index of the latest Search event that has passed, repeated ones included; -1 before. */
  latestAt = -1
  #lists: ResultLists | undefined

  constructor(search: SearchEvent) {
    this.search = search
  }

  /** Call it once all Results are collected. */
  get lists(): ResultLists {
    this.#lists ??= new ResultLists(this.results)
    return this.#lists
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
  const searches = new SessionSearches(events)
  addResults(events, searches)
  return { searches: searches.all, orphans: addClicks(events, searches) }
}

/** The searches of a session. A Search that repeats a search id comes back to its search (R1). */
class SessionSearches {
  readonly all: CollectedSearch[] = []
  readonly byId = new Map<string, CollectedSearch>()
  readonly #byEvent = new Map<SearchEvent, CollectedSearch>()
  #listing: ReadonlyMap<string, readonly CollectedSearch[]> | undefined

  constructor(events: readonly Event[]) {
    for (const event of events) if (event.type === 'Search') this.#add(event)
  }

  #add(event: SearchEvent): void {
    const known = event.searchId === null ? undefined : this.byId.get(event.searchId)
    const search = known ?? new CollectedSearch(event)
    this.#byEvent.set(event, search)
    if (known !== undefined) return
    this.all.push(search)
    if (event.searchId !== null) this.byId.set(event.searchId, search)
  }

  /** The search that the event begins or comes back to. */
  of(event: SearchEvent): CollectedSearch | undefined {
    return this.#byEvent.get(event)
  }

  /** The searches whose Results list the item. Call it once all Results are collected. */
  listing(fingerprint: string): readonly CollectedSearch[] {
    this.#listing ??= listingSearches(this.all)
    return this.#listing.get(fingerprint) ?? []
  }
}

function listingSearches(searches: readonly CollectedSearch[]): ReadonlyMap<string, readonly CollectedSearch[]> {
  const listing = new Map<string, CollectedSearch[]>()
  for (const search of searches) {
    for (const fingerprint of search.lists.fingerprints()) {
      const others = listing.get(fingerprint)
      if (others === undefined) listing.set(fingerprint, [search])
      else others.push(search)
    }
  }
  return listing
}

/**
 * Adds each Results to the search with its id, which may be later. Without an id it belongs to the
 * latest search before it (R2).
 */
function addResults(events: readonly Event[], searches: SessionSearches): void {
  let latest: CollectedSearch | undefined
  for (const event of events) {
    if (event.type === 'Search') latest = searches.of(event)
    if (event.type !== 'Results') continue
    const owner = event.searchId === null ? latest : searches.byId.get(event.searchId)
    owner?.results.push(event)
  }
}

/** Adds each click to its search, and returns the orphans (R3, R8). */
function addClicks(events: readonly Event[], searches: SessionSearches): OrphanClick[] {
  const orphans: OrphanClick[] = []
  let latest: CollectedSearch | undefined
  for (const [n, event] of events.entries()) {
    if (event.type === 'Search') {
      latest = searches.of(event)
      if (latest !== undefined) latest.latestAt = n
    }
    if (event.type !== 'ClickResult') continue
    // A user who goes back clicks on an older list. So the list with the item is better evidence.
    const lister = event.searchId === null ? latestOf(searches.listing(event.itemFingerprint)) : undefined
    const owner = event.searchId === null ? (lister ?? latest) : searches.byId.get(event.searchId)
    if (owner === undefined) {
      orphans.push({ click: event, cause: event.searchId === null ? 'no_search' : 'search_elsewhere' })
      continue
    }
    const evidence = event.searchId !== null ? 'searchId' : lister === undefined ? 'order' : 'item'
    const position = event.position ?? owner.lists.positionOf(event)
    owner.clicks.push({ click: event, evidence, position })
  }
  return orphans
}

/** The search that the user came to last, of those that have begun. */
function latestOf(searches: readonly CollectedSearch[]): CollectedSearch | undefined {
  let latest: CollectedSearch | undefined
  for (const search of searches) if (search.latestAt > (latest?.latestAt ?? -1)) latest = search
  return latest
}
