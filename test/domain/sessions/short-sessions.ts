// Builds sessions of a few seconds for the tests of sessions and closing.

import { SECOND_MS } from '../../../functions/domain/durations.ts'
import { compareEvents, type Event } from '../../../functions/domain/events/event.ts'
import type { Rules } from '../../../functions/domain/sessions/rules.ts'
import { type Session, toSessions } from '../../../functions/domain/sessions/session.ts'
import { at, bare, RULES } from '../../support/events.ts'

/** The default rules with a gap of 10 seconds and a lateness of 1 second. */
export const SHORT_RULES: Rules = { ...RULES, gapMs: 10 * SECOND_MS, latenessMs: SECOND_MS }

export function sessionsOf(events: readonly Event[], used: Rules = SHORT_RULES): Session[] {
  return toSessions([...events].sort(compareEvents), [], used)
}

/** Seconds of each session's events. */
export function seconds(sessions: readonly Session[]): number[][] {
  return sessions.map((session) => session.events.map((event) => (event.timeMs - at(0)) / SECOND_MS))
}

export function opens(...times: number[]): Event[] {
  return times.map((time, n) => bare('AppOpen', at(time), { eventId: `e${n}` }))
}
