// Computes the sessions of one user from all accepted events at once, by the rules (S1-S6). The
// simulation and tests compare the pipeline with this oracle. It shares no code with the pipeline,
// so that both are unlikely to have the same mistake. It is written to be read, not to be fast.

import type { Event } from '../functions/domain/events/event.ts'
import { lastOf, type NonEmpty } from '../functions/domain/non-empty.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'

/** The order of events of the same time. */
const TYPE_ORDER = ['AppOpen', 'Search', 'Results', 'ClickResult', 'Timeout', 'AppClose']

export interface OracleSession {
  readonly events: NonEmpty<Event>
  readonly eventIds: readonly string[]
  /** Whether a limit ended the session before, so that this one continues it. */
  readonly continuesPrevious: boolean
  /** Why the session ended. The last one ends with a gap too, once the user stays away. */
  readonly ended: 'gap' | 'app_close' | 'timeout' | 'max_events' | 'max_duration'
}

/** @param events the accepted events in any order; copies of one type and id count once. */
export function oracleSessions(events: readonly Event[], rules: Rules): OracleSession[] {
  const unique = [...new Map(events.map((event) => [JSON.stringify([event.type, event.eventId]), event])).values()]
  unique.sort(
    (a, b) =>
      a.timeMs - b.timeMs ||
      subSequenceOf(a) - subSequenceOf(b) ||
      TYPE_ORDER.indexOf(a.type) - TYPE_ORDER.indexOf(b.type) ||
      (a.eventId < b.eventId ? -1 : 1),
  )
  const sessions: {
    events: [Event, ...Event[]]
    continuesPrevious: boolean
    limitedBy?: 'max_events' | 'max_duration'
  }[] = []
  for (const event of unique) {
    const current = sessions.at(-1)
    if (current === undefined || isOver(current.events, event, rules)) {
      sessions.push({ events: [event], continuesPrevious: false })
    } else if (current.events.length === rules.maxSessionEvents) {
      current.limitedBy = 'max_events'
      sessions.push({ events: [event], continuesPrevious: true })
    } else if (event.timeMs > current.events[0].timeMs + rules.maxSessionDurationMs) {
      current.limitedBy = 'max_duration'
      sessions.push({ events: [event], continuesPrevious: true })
    } else {
      current.events.push(event)
    }
  }
  return sessions.map(({ events, continuesPrevious, limitedBy }) => ({
    events,
    eventIds: events.map((event) => event.eventId),
    continuesPrevious,
    ended: limitedBy ?? endedBy(lastOf(events)),
  }))
}

/** Events without a `subSequence` come before those with one, unless they end a session (S2). */
function subSequenceOf({ subSequence, type }: Event): number {
  if (subSequence !== undefined) return subSequence
  return type === 'AppClose' || type === 'Timeout' ? Number.MAX_SAFE_INTEGER : -1
}

/** A closer ends a session, and so does a pause longer than the gap. */
function isOver(events: NonEmpty<Event>, next: Event, rules: Rules): boolean {
  const last = lastOf(events)
  return endedBy(last) !== 'gap' || next.timeMs > last.timeMs + rules.gapMs
}

function endedBy(last: Event): 'gap' | 'app_close' | 'timeout' {
  if (last.type === 'AppClose') return 'app_close'
  return last.type === 'Timeout' ? 'timeout' : 'gap'
}
