// Attribution (R1-R4): one session's events in, its searches with what was shown and clicked, and the orphan clicks, out.

import { type ClickEvent, type Event, MARK_LENGTH, type ResultsEvent, type SearchEvent } from './event.ts'

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

interface OpenSearch {
  readonly search: SearchEvent
  /** Where the Search stands among the session's events; a repetition of its search id does not move it. */
  readonly index: number
  readonly results: ResultsEvent[]
  readonly clicks: AttributedClick[]
}

/** @param events one session's, in order (S2). */
export function attribute(events: readonly Event[]): Attribution {
  const searches = findSearches(events)
  const byId = new Map(searches.map((search) => [search.search.searchId, search]))
  byId.delete(null)
  for (const [index, event] of events.entries()) {
    if (event.type !== 'Results') continue
    const owner = event.searchId === null ? latestBefore(searches, index) : byId.get(event.searchId)
    owner?.results.push(event)
  }
  const orphans: ClickEvent[] = []
  for (const [index, event] of events.entries()) {
    if (event.type !== 'ClickResult') continue
    const found = event.searchId === null ? findOwner(searches, index, event) : ownerById(byId, event.searchId)
    if (found === undefined) orphans.push(event)
    else found.owner.clicks.push({ click: event, evidence: found.evidence, position: positionOf(event, found.owner) })
  }
  return { searches, orphans }
}

/** Each Search is one, except that a repeated search id is the search that it repeats (R1). */
function findSearches(events: readonly Event[]): OpenSearch[] {
  const searches: OpenSearch[] = []
  const ids = new Set<string>()
  for (const [index, event] of events.entries()) {
    if (event.type !== 'Search' || (event.searchId !== null && ids.has(event.searchId))) continue
    if (event.searchId !== null) ids.add(event.searchId)
    searches.push({ search: event, index, results: [], clicks: [] })
  }
  return searches
}

interface Found {
  readonly owner: OpenSearch
  readonly evidence: Evidence
}

function ownerById(byId: ReadonlyMap<string | null, OpenSearch>, searchId: string): Found | undefined {
  const owner = byId.get(searchId)
  return owner && { owner, evidence: 'searchId' }
}

/** A user who goes back clicks on an older list: the list that shows the item is better evidence than the order. */
function findOwner(searches: readonly OpenSearch[], index: number, click: ClickEvent): Found | undefined {
  const earlier = searches.filter((search) => search.index < index)
  const listing = earlier.findLast((search) => placeOf(click.mark, search.results) !== null)
  if (listing !== undefined) return { owner: listing, evidence: 'item' }
  const latest = earlier.at(-1)
  return latest && { owner: latest, evidence: 'order' }
}

function latestBefore(searches: readonly OpenSearch[], index: number): OpenSearch | undefined {
  return searches.findLast((search) => search.index < index)
}

function positionOf(click: ClickEvent, owner: OpenSearch): number | null {
  return click.position ?? placeOf(click.mark, owner.results) ?? positionByOrdinal(click.ordinal)
}

/** Only who counts from 0 says 0; any other number is taken as its schema means it, from 1. */
function positionByOrdinal(ordinal: number | undefined): number | null {
  return ordinal === undefined ? null : Math.max(ordinal, 1)
}

/** The item's place, 1-based, in the lists one after the other: a second Results of a search is its next page. */
function placeOf(mark: string, results: readonly ResultsEvent[]): number | null {
  const listed = results.map((result) => result.marks).join('')
  for (let start = 0; start < listed.length; start += MARK_LENGTH) {
    if (listed.startsWith(mark, start)) return start / MARK_LENGTH + 1
  }
  return null
}
