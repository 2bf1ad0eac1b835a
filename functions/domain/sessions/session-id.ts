// Makes and reads session ids, which consist of the founding event's time and id (S6).

import type { Event } from '../events/event.ts'
import { isoTime } from '../events/time.ts'

/**
 * The id of a session that this event founds, for example `20260302T090000000Z-e1`. It begins with
 * the event's time, so ids sort by time. The session keeps it when an earlier event joins (S6).
 */
export function foundingId(event: Event): string {
  return `${compactTime(event.timeMs)}-${event.eventId}`
}

/**
 * The form of a time in ids, such as `20260302T090000000Z`. It sorts by time in years 0 to 9999.
 */
export function compactTime(timeMs: number): string {
  const iso = isoTime(timeMs)
  const clock = iso.slice(11, 13) + iso.slice(14, 16) + iso.slice(17, 19) + iso.slice(20)
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 11)}${clock}`
}

const COMPACT_TIME_LENGTH = '20240101T000005000Z'.length

/** The time of the founding event, which is in the session. */
export function compactTimeOf(id: string): string {
  return id.slice(0, COMPACT_TIME_LENGTH)
}

/** The id of the founding event. */
export function foundingEventId(id: string): string {
  return id.slice(COMPACT_TIME_LENGTH + 1)
}
