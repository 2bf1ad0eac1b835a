// The sessions of a log as every peer tells them: lines of JSON in, sessions out, with the clicks of each search.

import { UserError } from '../../terminal/user-error.ts'

export interface FoundSession {
  readonly user: string
  /** Ids of events, in order of time; one that was sent twice may stand there twice. */
  readonly events: readonly string[]
  /** The event id of each search, and whether it got a click. */
  readonly searches: readonly (readonly [eventId: string, clicked: 0 | 1])[]
  /** Of the session; of ours, only those that belong to a search. */
  readonly clicks: number
  /** Why it ended, where that is known. */
  readonly ended?: string
}

export function parseFound(line: string): FoundSession {
  const read = jsonIn(line) as Partial<FoundSession> | null
  const { user, events, searches, clicks } = read ?? {}
  if (typeof user !== 'string' || !Array.isArray(events) || !Array.isArray(searches) || typeof clicks !== 'number') {
    throw new UserError(`a peer wrote what is no session: ${line.slice(0, 100)}`)
  }
  return read as FoundSession
}

/** Null for what is no JSON. */
function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
