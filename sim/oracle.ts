// The batch oracle: all accepted events of one user at once in, the sessions of the rules (S1-S6) out. Written apart from
// the code that it judges, and for reading, not for speed.

import type { Event } from '../functions/domain/events/event.ts'
import type { NonEmpty } from '../functions/domain/non-empty.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'

const ORDER = ['AppOpen', 'Search', 'Results', 'ClickResult', 'Timeout', 'AppClose']

export interface OracleSession {
  readonly events: NonEmpty<Event>
  readonly eventIds: readonly string[]
  readonly continuesPrevious: boolean
  /** Why it ended; a last session that nothing followed ends with a gap in the end. */
  readonly ended: 'gap' | 'app_close' | 'timeout' | 'max_events' | 'max_duration'
}

export function oracleSessions(events: readonly Event[], rules: Rules): OracleSession[] {
  const unique = [...new Map(events.map((event) => [event.eventId, event])).values()]
  unique.sort(
    (a, b) => a.timeMs - b.timeMs || ORDER.indexOf(a.type) - ORDER.indexOf(b.type) || (a.eventId < b.eventId ? -1 : 1),
  )
  const sessions: {
    events: [Event, ...Event[]]
    continuesPrevious: boolean
    limitedBy?: 'max_events' | 'max_duration'
  }[] = []
  for (const event of unique) {
    const current = sessions.at(-1)
    const last = current?.events.at(-1)
    const first = current?.events[0]
    if (current === undefined || last === undefined || first === undefined) {
      sessions.push({ events: [event], continuesPrevious: false })
    } else if (last.type === 'AppClose' || last.type === 'Timeout' || event.timeMs > last.timeMs + rules.gapMs) {
      sessions.push({ events: [event], continuesPrevious: false })
    } else if (
      current.events.length === rules.maxSessionEvents ||
      event.timeMs > first.timeMs + rules.maxSessionDurationMs
    ) {
      current.limitedBy = current.events.length === rules.maxSessionEvents ? 'max_events' : 'max_duration'
      sessions.push({ events: [event], continuesPrevious: true })
    } else {
      current.events.push(event)
    }
  }
  return sessions.map(({ events, continuesPrevious, limitedBy }) => ({
    events,
    eventIds: events.map((event) => event.eventId),
    continuesPrevious,
    ended: limitedBy ?? endedBy(events.at(-1)?.type),
  }))
}

function endedBy(lastType: string | undefined): 'gap' | 'app_close' | 'timeout' {
  if (lastType === 'AppClose') return 'app_close'
  return lastType === 'Timeout' ? 'timeout' : 'gap'
}
