// Makes and reads session ids, which consist of the founding event's time, type and id (S6).

import type { Event, EventType } from '../events/event.ts'
import { isoTime } from '../events/time.ts'

/**
 * Events of one id and one time, but of two types, may found two sessions. So a character of the
 * id stands for the type, except for a Search, which founds most sessions.
 */
const TYPE_CHARACTERS: Readonly<Record<EventType, string>> = {
  Search: '',
  AppOpen: 'O',
  Results: 'R',
  ClickResult: 'C',
  Timeout: 'T',
  AppClose: 'A',
}

/**
 * The id of a session that this event founds: `20260302T090000000Z-e1` of a Search, for example, or
 * `20260302T090000000ZO-e1` of an AppOpen. It begins with the event's time, so ids sort by time.
 * The session keeps it when an earlier event joins (S6).
 */
export function foundingId({ type, eventId, timeMs }: Pick<Event, 'type' | 'eventId' | 'timeMs'>): string {
  return `${compactTime(timeMs)}${TYPE_CHARACTERS[type]}-${eventId}`
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

/** The same as `compactTimeOf`, in epoch milliseconds. */
export function timeOfId(id: string): number {
  const clock = `${id.slice(9, 11)}:${id.slice(11, 13)}:${id.slice(13, 15)}.${id.slice(15, 19)}`
  return Date.parse(`${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 9)}${clock}`)
}

/** The event id of the founding event. */
export function foundingEventId(id: string): string {
  return id.slice(id.indexOf('-', COMPACT_TIME_LENGTH) + 1)
}
