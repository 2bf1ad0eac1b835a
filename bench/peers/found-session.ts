// Defines and parses the sessions that each peer writes, one line of JSON for each.

import { UserError } from '../../terminal/user-error.ts'

export interface FoundSession {
  readonly user: string
  /** Ids of events in order of time. A peer lists an event twice if it was sent twice. */
  readonly events: readonly string[]
  /** The event id of each search, and whether it got a click. */
  readonly searches: readonly (readonly [eventId: string, clicked: 0 | 1])[]
  /** Clicks of the session. Ours count only those that belong to a search. */
  readonly clicks: number
  /** Why the session ended, if the peer reports it. */
  readonly ended?: string
}

export function parseFound(line: string): FoundSession {
  const read = jsonIn(line) as Partial<FoundSession> | null
  const { user, events, searches, clicks } = read ?? {}
  if (typeof user !== 'string' || !Array.isArray(events) || !Array.isArray(searches) || typeof clicks !== 'number') {
    throw new UserError(`a peer wrote a line that is no session: ${line.slice(0, 100)}`)
  }
  return read as FoundSession
}

/** Returns null for text that is no JSON. */
function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
