// When the sweeper is to look at a user: a state in, the state with its alarm set out; and how early an AppClose asks for a look.

import { dueAt, laterSkew, watermarkPasses } from './clock.ts'
import { type Arrival, isCloser } from './event.ts'
import { remembered } from './forgotten.ts'
import type { Rules } from './rules.ts'
import type { UserState } from './user-state.ts'

/**
 * The state with its alarm set: as early as any open session is due. An alarm that is early enough stays where it is,
 * since moving it costs two writes to the index, and a look too early only one read.
 *
 * @param lookMs when the sweeper looks at the user in any case, and sets the alarm anew where that is needed.
 */
export function armed(state: UserState, rules: Rules, lookMs = Number.POSITIVE_INFINITY): UserState {
  const nextMs = nextDueAt(state, rules)
  if (nextMs === null) return { ...state, armedAtMs: null }
  const isEarlyEnough = state.armedAtMs !== null && Math.min(state.armedAtMs, lookMs) <= nextMs
  return isEarlyEnough ? state : { ...state, armedAtMs: nextMs }
}

/** When the first of the open sessions is due if nothing else arrives; null when nothing is open. */
export function nextDueAt(state: UserState, rules: Rules): number | null {
  const { skewMs } = state
  if (skewMs === null || state.open.length === 0) return null
  return Math.min(...state.open.map((session) => dueAt(session, skewMs, rules)))
}

/**
 * When the sweeper has to look at the user once these arrivals are applied, if a closer among them ends a session before
 * its alarm; null when there is none. It may be for nothing, or too early, but is never later than such a session is due.
 *
 * It is after the arrivals, so that nobody looks before the sweeper's horizon has passed them, which is when they are
 * applied: what is due before that is left to the alarm itself.
 */
export function earlyAlarmAt(state: UserState, arrivals: readonly Arrival[], rules: Rules): number | null {
  if (state.armedAtMs === null) return null
  const known = new Set(state.open.flatMap(({ events }) => events.map(({ eventId }) => eventId)))
  const arrived = remembered(state, arrivals)
  const closers = arrived.filter(({ event }) => isCloser(event) && !known.has(event.eventId))
  if (closers.length === 0) return null
  const skewMs = arrived.reduce((skew, { event, arrivalMs }) => laterSkew(skew, event, arrivalMs), state.skewMs) ?? 0
  const atMs = watermarkPasses(Math.min(...closers.map(({ event }) => event.timeMs)), skewMs, rules)
  const lastArrivalMs = Math.max(...arrived.map(({ arrivalMs }) => arrivalMs))
  return lastArrivalMs < atMs && atMs < state.armedAtMs ? atMs : null
}
