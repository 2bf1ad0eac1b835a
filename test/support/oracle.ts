// The batch oracle: all accepted events of one user at once in, sessions as SPEC 2 words them out. Written apart from
// the code that it judges, and for reading, not for speed.

import type { Event } from '../../functions/domain/event.ts'
import type { Rules } from '../../functions/domain/rules.ts'

const ORDER = ['AppOpen', 'Search', 'Results', 'ClickResult', 'Timeout', 'AppClose']

export interface OracleSession {
  readonly eventIds: readonly string[]
  readonly continuesPrevious: boolean
}

export function oracleSessions(events: readonly Event[], rules: Rules): OracleSession[] {
  const unique = [...new Map(events.map((event) => [event.eventId, event])).values()]
  unique.sort(
    (a, b) => a.timeMs - b.timeMs || ORDER.indexOf(a.type) - ORDER.indexOf(b.type) || (a.eventId < b.eventId ? -1 : 1),
  )
  const sessions: { events: Event[]; continuesPrevious: boolean }[] = []
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
      sessions.push({ events: [event], continuesPrevious: true })
    } else {
      current.events.push(event)
    }
  }
  return sessions.map(({ events, continuesPrevious }) => ({
    eventIds: events.map((event) => event.eventId),
    continuesPrevious,
  }))
}
