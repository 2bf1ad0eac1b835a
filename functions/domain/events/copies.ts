// Decides which copy of an event counts when a user has several of one type and id (E2).

import { compareEvents, type Event } from './event.ts'

/** A copy without a time of its own happened when it arrived, so its time is no content (E2). */
function hasOwnTime(event: Event): boolean {
  return event.hasArrivalTime === undefined && event.subSequence === undefined
}

/** The times are compared before the contents; the type and the id of copies are equal. */
const NO_CONTENTS: ReadonlySet<string> = new Set(['type', 'eventId', 'timeMs', 'hasArrivalTime', 'subSequence'])

/** The fields that ingest reads of an event: a stored event holds no others. */
function contentsText(event: Event): string {
  return JSON.stringify(
    Object.entries(event)
      .filter(([name]) => !NO_CONTENTS.has(name))
      .sort(byName),
  )
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}

/**
 * Orders copies by their contents, never by their arrival: the first one counts. Copies with a
 * time of their own come first, by that time; then the text of the contents decides. Returns 0 for
 * copies of the same contents.
 */
function compareCopies(a: Event, b: Event): number {
  if (hasOwnTime(a) !== hasOwnTime(b)) return hasOwnTime(a) ? -1 : 1
  if (hasOwnTime(a) && a.timeMs !== b.timeMs) return a.timeMs - b.timeMs
  const [ofA, ofB] = [contentsText(a), contentsText(b)]
  if (ofA === ofB) return 0
  return ofA < ofB ? -1 : 1
}

/** Whether two copies of an event have the same contents, so that neither conflicts. */
export function areSameCopies(a: Event, b: Event): boolean {
  return compareCopies(a, b) === 0
}

/** Whether a copy counts instead of one that is known already. */
export function replaces(copy: Event, known: Event): boolean {
  const order = compareCopies(copy, known)
  // Copies without a time of their own happened when the first of them arrived.
  return order < 0 || (order === 0 && !hasOwnTime(copy) && compareEvents(copy, known) < 0)
}

/** A text that stands for all copies of the same contents, and for no others of the user. */
export function copyText(event: Event): string {
  const time = hasOwnTime(event) ? event.timeMs : null
  return JSON.stringify([event.type, event.eventId, time, contentsText(event)])
}
