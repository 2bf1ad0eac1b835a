// The event as the domain knows it: what a session is made of, and the one order that events have.

export const EVENT_TYPES = ['AppOpen', 'Search', 'Results', 'ClickResult', 'Timeout', 'AppClose'] as const

/** In the order in which events of one millisecond count (S2). */
export type EventType = (typeof EVENT_TYPES)[number]

interface Stamp {
  /** The producer's event id, or a digest of the event where it sent none. Unique per user (E2). */
  readonly eventId: string
  readonly timeMs: number
}

export interface AppEvent extends Stamp {
  readonly type: 'AppOpen' | 'Timeout' | 'AppClose'
}

export interface SearchEvent extends Stamp {
  readonly type: 'Search'
  readonly searchId: string | null
  readonly query: string
  readonly queryTruncated: boolean
}

export interface ResultsEvent extends Stamp {
  readonly type: 'Results'
  readonly searchId: string | null
  readonly resultCount: number
  /** The marks of the listed items, `FINGERPRINT_LENGTH` characters each, in the order of the list. */
  readonly itemFingerprints: string
}

export interface ClickEvent extends Stamp {
  readonly type: 'ClickResult'
  readonly searchId: string | null
  readonly item: string
  /** The mark of the item, to be found in a `ResultsEvent`. */
  readonly itemFingerprint: string
  /** 1-based, as the producer said it. */
  readonly position: number | null
  /** A place that somebody counted from 0 or from 1, and nobody knows from which. Absent where there is none. */
  readonly ordinal?: number
}

export type Event = AppEvent | SearchEvent | ResultsEvent | ClickEvent

export interface Arrival {
  readonly event: Event
  readonly arrivalMs: number
}

/**
 * Characters (base64url, 48 bits) that stand for an item in a stored Results. A thousand full-length items would not
 * fit in one table item; a mark is wrong once in 2.8e11 comparisons.
 */
export const FINGERPRINT_LENGTH = 8

/** Digests a text to at least 22 base64url characters; the same text always to the same. Given by the caller. */
export type Digest = (text: string) => string

const RANK: Readonly<Record<EventType, number>> = {
  AppOpen: 0,
  Search: 1,
  Results: 2,
  ClickResult: 3,
  Timeout: 4,
  AppClose: 5,
}

/** Event time, then type, then event id (S2). Total: 0 only for the same event. */
export function compareEvents(a: Event, b: Event): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs
  if (a.type !== b.type) return RANK[a.type] - RANK[b.type]
  if (a.eventId === b.eventId) return 0
  return a.eventId < b.eventId ? -1 : 1
}

/** AppClose and Timeout end the session they belong to (S3). */
export function isCloser(event: Event): boolean {
  return event.type === 'AppClose' || event.type === 'Timeout'
}

/**
 * An upper estimate of the bytes that the event takes when stored and deflated: what limits on size count, since a
 * table item may not pass 400 KB.
 */
export function eventBytes(event: Event): number {
  const fixed = 24 + textBytes(event.eventId)
  if (event.type === 'Search') return fixed + textBytes(event.query) + textBytes(event.searchId)
  if (event.type === 'Results') return fixed + event.itemFingerprints.length + textBytes(event.searchId)
  if (event.type === 'ClickResult')
    return fixed + FINGERPRINT_LENGTH + textBytes(event.item) + textBytes(event.searchId)
  return fixed
}

const OTHER_SCRIPTS = /[\u0080-\uffff]/
/** Deflated, random ASCII takes 1 byte a character and random text of other scripts a little over 2. */
const OTHER_SCRIPTS_BYTES = 2.2

function textBytes(text: string | null): number {
  if (text === null) return 0
  return OTHER_SCRIPTS.test(text) ? Math.ceil(text.length * OTHER_SCRIPTS_BYTES) : text.length
}

/** Never less than `eventBytes`, and quick: by the lengths of the texts, whatever script they are in. */
export function eventBytesAtMost(event: Event): number {
  // Each of at most three texts is rounded up by itself.
  const fixed = 24 + FINGERPRINT_LENGTH + 3
  let characters = event.eventId.length
  if (event.type === 'Search') characters += event.query.length
  else if (event.type === 'Results') characters += event.itemFingerprints.length
  else if (event.type === 'ClickResult') characters += event.item.length
  else return fixed + characters * OTHER_SCRIPTS_BYTES
  return fixed + (characters + (event.searchId?.length ?? 0)) * OTHER_SCRIPTS_BYTES
}
