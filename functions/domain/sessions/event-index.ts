// Finds quickly the copy of an event that a session holds (E2), and counts how many bytes its
// events take.

import { type Event, eventBytes, eventBytesAtMost, eventKey } from '../events/event.ts'

interface Index {
  readonly byKey: ReadonlyMap<string, Event>
  readonly bytes: number
}

/** Most sessions have fewer events than this. To scan so few is faster than to index them. */
const UNINDEXED_EVENTS_MAX = 32

/** The indexes of long lists. Events never change, so an index stays right as long as its list. */
const indexes = new WeakMap<readonly Event[], Index>()

function indexOf(events: readonly Event[]): Index {
  let index = indexes.get(events)
  if (index === undefined) {
    index = { byKey: new Map(events.map((event) => [eventKey(event), event])), bytes: summed(events) }
    indexes.set(events, index)
  }
  return index
}

/** Returns the copy of the event in the list, if there is one. */
export function findCopy(events: readonly Event[], sought: Event): Event | undefined {
  if (events.length > UNINDEXED_EVENTS_MAX) return indexOf(events).byKey.get(eventKey(sought))
  for (const event of events) if (event.eventId === sought.eventId && event.type === sought.type) return event
  return undefined
}

/** Up to so many questions to lists are faster than an index of all of them. */
const SCANS_MAX = 256

/**
 * Returns a search for the copy of an event in the sessions.
 *
 * @param questions how many events the caller looks for.
 */
export function copySearch(
  sessions: readonly { readonly events: readonly Event[] }[],
  questions: number,
): (sought: Event) => Event | undefined {
  if (sessions.length * questions <= SCANS_MAX) {
    return (sought) => {
      for (const { events } of sessions) {
        const copy = findCopy(events, sought)
        if (copy !== undefined) return copy
      }
      return undefined
    }
  }
  const byKey = new Map<string, Event>()
  for (const { events } of sessions) for (const event of events) byKey.set(eventKey(event), event)
  return (sought) => byKey.get(eventKey(sought))
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
