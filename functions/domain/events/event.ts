// Defines the event as the domain uses it, and the order of a user's events.

/** Stored events name their type by its index here, so the order never changes. */
export const EVENT_TYPES = ['AppOpen', 'Search', 'Results', 'ClickResult', 'Timeout', 'AppClose'] as const

export type EventType = (typeof EVENT_TYPES)[number]

interface EventIdentity {
  /**
   * The producer's event id, or a digest of an event without one. With the type it names one event
   * of the user (E2).
   */
  readonly eventId: string
  readonly timeMs: number
  /**
   * The index of an event without a time of its own among the events of its record (S2). Absent
   * where the event has a time or came alone.
   */
  readonly subSequence?: number
  /**
   * Present where an event with an id of its own came alone and without a time. A copy of it has
   * another time, but no other contents (E2).
   */
  readonly hasArrivalTime?: true
}

export interface AppEvent extends EventIdentity {
  readonly type: 'AppOpen' | 'Timeout' | 'AppClose'
}

/**
 * The values of labels by their names (M4). Read one by `Object.hasOwn`, because a label may have
 * the name `constructor`, which is a property of every object.
 */
export type Labels = Readonly<Record<string, string>>

export interface SearchEvent extends EventIdentity {
  readonly type: 'Search'
  readonly searchId: string | null
  readonly query: string
  readonly queryTruncated: boolean
  /** Absent where the search has none (M4). */
  readonly labels?: Labels
}

export interface ResultsEvent extends EventIdentity {
  readonly type: 'Results'
  readonly searchId: string | null
  readonly resultCount: number
  /** The fingerprints of the listed items, `FINGERPRINT_LENGTH` characters each, in list order. */
  readonly itemFingerprints: string
  /** Results before the first listed one. Absent where the producer sent no offset (R4a). */
  readonly offset?: number
}

export interface ClickEvent extends EventIdentity {
  readonly type: 'ClickResult'
  readonly searchId: string | null
  readonly item: string
  /** The item's fingerprint, as `ResultsEvent.itemFingerprints` holds it. */
  readonly itemFingerprint: string
  /** 1-based, as the producer sent it. */
  readonly position: number | null
  /** The 1-based rank in a UBI event. Absent from other clicks. */
  readonly ordinal?: number
}

export type Event = AppEvent | SearchEvent | ResultsEvent | ClickEvent

export interface Arrival {
  readonly event: Event
  readonly arrivalMs: number
}

/**
 * Characters (base64url, 48 bits) that stand for an item in a stored Results. A table item could
 * not hold a thousand items of full length. Two items share a fingerprint once in 2.8e11 pairs.
 */
export const FINGERPRINT_LENGTH = 8

/** Digests a text to at least 22 base64url characters. The same text has the same digest always. */
export type Digest = (text: string) => string

/** The order of events of one millisecond (S2). */
const TYPE_ORDER: Readonly<Record<EventType, number>> = {
  AppOpen: 0,
  Search: 1,
  Results: 2,
  ClickResult: 3,
  Timeout: 4,
  AppClose: 5,
}

/**
 * Orders events by time, then type, then event id (S2). Where times are equal, events with a
 * `subSequence` follow each other by it. They come after events without one, but before closers
 * without one. Returns 0 only for the same event.
 */
export function compareEvents(a: Event, b: Event): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs
  if (a.subSequence !== undefined || b.subSequence !== undefined) {
    const order = subSequenceOrder(a) - subSequenceOrder(b)
    if (order !== 0) return order
  }
  if (a.type !== b.type) return TYPE_ORDER[a.type] - TYPE_ORDER[b.type]
  if (a.eventId === b.eventId) return 0
  return a.eventId < b.eventId ? -1 : 1
}

function subSequenceOrder(event: Event): number {
  return event.subSequence ?? (isCloser(event) ? Number.MAX_SAFE_INTEGER : -1)
}

const DIGEST_ID_LENGTH = 22

/** The id of an event whose producer sent none, made of the digest of what it sent. */
export function digestIdOf(digest: string): string {
  return `~${digest.slice(0, DIGEST_ID_LENGTH - 1)}`
}

/** Whether the id is a digest: such an event has no copy with other contents. */
export function isDigestId(eventId: string): boolean {
  return eventId.length === DIGEST_ID_LENGTH && eventId.startsWith('~')
}

/** A text that stands for a user's event: its type and its id (E2). */
export function eventKey({ type, eventId }: Pick<Event, 'type' | 'eventId'>): string {
  return `${type} ${eventId}`
}

/** AppClose and Timeout end the session that they belong to (S4). */
export function isCloser(event: Event): boolean {
  return event.type === 'AppClose' || event.type === 'Timeout'
}

/**
 * Estimates from above how many bytes the event takes when stored deflated. Limits on size count
 * these bytes, because a table item may not pass 400 KB.
 */
export function eventBytes(event: Event): number {
  const fixed = 24 + textBytes(event.eventId) + (event.subSequence === undefined ? 0 : SUB_SEQUENCE_BYTES)
  if (event.type === 'Search')
    return fixed + textBytes(event.query) + textBytes(event.searchId) + labelBytes(event.labels)
  if (event.type === 'Results') return fixed + event.itemFingerprints.length + textBytes(event.searchId)
  if (event.type === 'ClickResult')
    return fixed + FINGERPRINT_LENGTH + textBytes(event.item) + textBytes(event.searchId)
  return fixed
}

/** Two brackets, a comma and at most five digits. */
const SUB_SEQUENCE_BYTES = 8

/** Four quotation marks, a colon and a comma. */
const LABEL_FIXED_BYTES = 6

/** A search without labels takes no byte for them. Others also have two braces and a comma. */
function labelBytes(labels: Labels | undefined): number {
  if (labels === undefined) return 0
  let bytes = 3
  for (const [name, value] of Object.entries(labels)) bytes += LABEL_FIXED_BYTES + name.length + textBytes(value)
  return bytes
}

const OTHER_SCRIPTS = /[\u0080-\uffff]/
/** Deflated, random ASCII takes 1 byte a character, and random text of other scripts up to 2.2. */
const OTHER_SCRIPTS_BYTES = 2.2

function textBytes(text: string | null): number {
  if (text === null) return 0
  return OTHER_SCRIPTS.test(text) ? Math.ceil(text.length * OTHER_SCRIPTS_BYTES) : text.length
}

/** Never less than `eventBytes`, and faster: it takes every text for one of another script. */
export function eventBytesAtMost(event: Event): number {
  // `eventBytes` rounds each of at most three texts up.
  let fixed = 24 + SUB_SEQUENCE_BYTES + FINGERPRINT_LENGTH + 3
  let characters = event.eventId.length
  if (event.type === 'Search') {
    characters += event.query.length
    fixed += labelBytes(event.labels)
  } else if (event.type === 'Results') characters += event.itemFingerprints.length
  else if (event.type === 'ClickResult') characters += event.item.length
  else return fixed + characters * OTHER_SCRIPTS_BYTES
  return fixed + (characters + (event.searchId?.length ?? 0)) * OTHER_SCRIPTS_BYTES
}
