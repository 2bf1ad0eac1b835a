// What a session's events are asked again and again: events in, whether one of an id is among them and how many bytes they are, out.

import { type Event, eventBytes, eventBytesAtMost } from '../events/event.ts'

interface Index {
  readonly eventIds: Set<string>
  bytes: number
}

/** To look through so few takes less time than to index them, and most sessions have fewer. */
const SHORT_EVENTS = 32

/** Of long lists. Events never change, so an index stays right; it goes when its events do. */
const indexes = new WeakMap<readonly Event[], Index>()

function indexOf(events: readonly Event[]): Index {
  let index = indexes.get(events)
  if (index === undefined) {
    index = { eventIds: new Set(events.map(({ eventId }) => eventId)), bytes: summed(events) }
    indexes.set(events, index)
  }
  return index
}

/** The list that is as long as the one before and the added has its index: otherwise each event would index all anew. */
export function moveIndex(before: readonly Event[], after: readonly Event[], added: readonly Event[]): void {
  const index = indexes.get(before)
  if (index === undefined) return
  // It is no longer right for the list before, which is indexed anew should anybody still ask.
  indexes.delete(before)
  for (const event of added) index.eventIds.add(event.eventId)
  index.bytes += summed(added)
  indexes.set(after, index)
}

export function hasEvent(events: readonly Event[], eventId: string): boolean {
  if (events.length > SHORT_EVENTS) return indexOf(events).eventIds.has(eventId)
  for (const event of events) if (event.eventId === eventId) return true
  return false
}

/** `eventBytes` of all. */
export function bytesOf(events: readonly Event[]): number {
  return events.length > SHORT_EVENTS ? indexOf(events).bytes : summed(events)
}

/** Never less than `bytesOf`, and quick. */
export function bytesAtMost(events: readonly Event[]): number {
  if (events.length > SHORT_EVENTS) return indexOf(events).bytes
  let bytes = 0
  for (const event of events) bytes += eventBytesAtMost(event)
  return bytes
}

function summed(events: readonly Event[]): number {
  let bytes = 0
  for (const event of events) bytes += eventBytes(event)
  return bytes
}
