// Answers quickly whether a session holds an event, and how many bytes its events take.

import { type Event, eventBytes, eventBytesAtMost } from '../events/event.ts'

interface Index {
  readonly eventIds: ReadonlySet<string>
  readonly bytes: number
}

/** Most sessions have fewer events than this. To scan so few is faster than to index them. */
const UNINDEXED_EVENTS_MAX = 32

/** The indexes of long lists. Events never change, so an index stays right as long as its list. */
const indexes = new WeakMap<readonly Event[], Index>()

function indexOf(events: readonly Event[]): Index {
  let index = indexes.get(events)
  if (index === undefined) {
    index = { eventIds: new Set(events.map(({ eventId }) => eventId)), bytes: summed(events) }
    indexes.set(events, index)
  }
  return index
}

export function hasEvent(events: readonly Event[], eventId: string): boolean {
  if (events.length > UNINDEXED_EVENTS_MAX) return indexOf(events).eventIds.has(eventId)
  for (const event of events) if (event.eventId === eventId) return true
  return false
}

/** Up to so many questions to lists are faster than an index of all of them. */
const SCANS_MAX = 256

/**
 * Returns whether one of the sessions holds an event.
 *
 * @param questions how many events the caller looks for.
 */
export function eventSearch(
  sessions: readonly { readonly events: readonly Event[] }[],
  questions: number,
): (eventId: string) => boolean {
  if (sessions.length * questions <= SCANS_MAX) {
    return (eventId) => {
      for (const { events } of sessions) if (hasEvent(events, eventId)) return true
      return false
    }
  }
  const eventIds = new Set<string>()
  for (const { events } of sessions) for (const { eventId } of events) eventIds.add(eventId)
  return (eventId) => eventIds.has(eventId)
}

/** The sum of `eventBytes`. */
export function bytesOf(events: readonly Event[]): number {
  return events.length > UNINDEXED_EVENTS_MAX ? indexOf(events).bytes : summed(events)
}

/** Never less than `bytesOf`, and faster. */
export function bytesAtMost(events: readonly Event[]): number {
  if (events.length > UNINDEXED_EVENTS_MAX) return indexOf(events).bytes
  let bytes = 0
  for (const event of events) bytes += eventBytesAtMost(event)
  return bytes
}

function summed(events: readonly Event[]): number {
  let bytes = 0
  for (const event of events) bytes += eventBytes(event)
  return bytes
}
