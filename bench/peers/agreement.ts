// Compares our sessions of a log with a peer's: counts what is the same, and explains what differs.

import type { FoundSession } from './found-session.ts'

export interface Counts {
  readonly sessions: number
  readonly sessionsWithSearch: number
  readonly searches: number
  readonly searchesWithClick: number
  /** Searches with a click / searches; null without searches. */
  readonly ctr: number | null
  readonly clicks: number
}

export interface Difference {
  readonly of: 'sessions' | 'searches'
  readonly why: string
  readonly ours: number
  readonly theirs: number
}

export interface Agreement {
  /** Sessions with the same events of the same user. */
  readonly sameSessions: number
  /** Searches that both sides have, with a click on both or on neither. */
  readonly sameSearches: number
  /** The sessions before the searches, and those with most of ours first. */
  readonly differences: readonly Difference[]
}

/** The reasons for a difference, as the report prints them. "There" is the peer. */
export const WHY = {
  closer: 'AppClose or Timeout ends our session',
  limit: 'a limit ends our session',
  dropped: 'a late event is dropped there',
  rejected: 'ours rejects an event',
  unexplained: 'not explained',
  inOther: 'the click lies in a session that differs',
  named: 'the click names an older search, or an item of its list; there the latest search gets it',
  repeatedId: 'a second Search with one searchId is the same search here',
  sentTwice: 'a Search sent twice counts twice there',
} as const

export function countsOf(sessions: readonly FoundSession[]): Counts {
  const searches = sessions.flatMap((session) => session.searches)
  const searchesWithClick = searches.filter(([, clicked]) => clicked === 1).length
  return {
    sessions: sessions.length,
    sessionsWithSearch: sessions.filter((session) => session.searches.length > 0).length,
    searches: searches.length,
    searchesWithClick,
    ctr: searches.length === 0 ? null : searchesWithClick / searches.length,
    clicks: sessions.reduce((sum, { clicks }) => sum + clicks, 0),
  }
}

/** Compares by event ids, so the times and ids of sessions do not matter. */
export function compare(ours: readonly FoundSession[], theirs: readonly FoundSession[]): Agreement {
  const theirKeys = new Set(theirs.map(sessionKey))
  const ourKeys = new Set(ours.map(sessionKey))
  const same = new Set(ours.filter((session) => theirKeys.has(sessionKey(session))))
  const groups = groupsOf(
    ours.filter((session) => !same.has(session)),
    theirs.filter((session) => !ourKeys.has(sessionKey(session))),
  )
  const tally = new Map<string, Difference>()
  const add = (of: Difference['of'], why: string, ourCount: number, theirCount: number): void => {
    const before = tally.get(`${of} ${why}`)
    tally.set(`${of} ${why}`, {
      of,
      why,
      ours: (before?.ours ?? 0) + ourCount,
      theirs: (before?.theirs ?? 0) + theirCount,
    })
  }
  for (const group of groups) add('sessions', whyGroup(group), group.ours.length, group.theirs.length)
  const sameSearches = compareSearches(ours, theirs, same, (why, our, their) => add('searches', why, our, their))
  const differences = [...tally.values()].sort((a, b) => a.of.localeCompare(b.of) || b.ours - a.ours)
  return { sameSessions: same.size, sameSearches, differences }
}

/** Two users may have the same event id, so the key holds the user too. */
export function eventKey(user: string, eventId: string): string {
  return JSON.stringify([user, eventId])
}

function eventKeys({ user, events }: FoundSession): string[] {
  return [...new Set(events)].map((eventId) => eventKey(user, eventId))
}

function sessionKey(session: FoundSession): string {
  return eventKeys(session).sort().join()
}

/** Sessions of both sides that share events, directly or through other sessions of the group. */
interface Group {
  readonly ours: FoundSession[]
  readonly theirs: FoundSession[]
}

function groupsOf(ours: readonly FoundSession[], theirs: readonly FoundSession[]): Group[] {
  const ourByEvent = byEvent(ours)
  const theirByEvent = byEvent(theirs)
  const isOurs = new Set(ours)
  const seen = new Set<FoundSession>()
  const groups: Group[] = []
  for (const start of [...ours, ...theirs]) {
    if (seen.has(start)) continue
    seen.add(start)
    // Iterating over a set also visits members that are added meanwhile.
    const members = new Set([start])
    for (const member of members) {
      for (const key of eventKeys(member)) {
        for (const other of [ourByEvent.get(key), theirByEvent.get(key)]) if (other !== undefined) members.add(other)
      }
    }
    for (const member of members) seen.add(member)
    groups.push({
      ours: [...members].filter((member) => isOurs.has(member)),
      theirs: [...members].filter((member) => !isOurs.has(member)),
    })
  }
  return groups
}

function byEvent(sessions: readonly FoundSession[]): ReadonlyMap<string, FoundSession> {
  return new Map(sessions.flatMap((session) => eventKeys(session).map((key) => [key, session] as const)))
}

function whyGroup({ ours, theirs }: Group): string {
  const ourByEvent = byEvent(ours)
  const theirByEvent = byEvent(theirs)
  const reasons = new Set<string>()
  if ([...ourByEvent.keys()].some((key) => !theirByEvent.has(key))) reasons.add(WHY.dropped)
  if ([...theirByEvent.keys()].some((key) => !ourByEvent.has(key))) reasons.add(WHY.rejected)
  for (const their of theirs) {
    // The peer joined these sessions of ours, so the end of all but the last explains the
    // difference.
    const joined = [...new Set(eventKeys(their).flatMap((key) => ourByEvent.get(key) ?? []))]
    for (const { ended } of joined.slice(0, -1)) reasons.add(whyEnded(ended))
  }
  return reasons.size === 0 ? WHY.unexplained : [...reasons].sort().join('; ')
}

function whyEnded(ended: string | undefined): string {
  if (ended === 'app_close' || ended === 'timeout') return WHY.closer
  return ended?.startsWith('max_') ? WHY.limit : WHY.unexplained
}

interface FoundSearch {
  clicked: 0 | 1
  times: number
}

/** Returns how many searches are the same, and reports each of the others. */
function compareSearches(
  ours: readonly FoundSession[],
  theirs: readonly FoundSession[],
  same: ReadonlySet<FoundSession>,
  report: (why: string, ours: number, theirs: number) => void,
): number {
  const found = searchesByEvent(theirs)
  const ourEvents = byEvent(ours)
  let sameSearches = 0
  const seen = new Set<string>()
  for (const session of ours) {
    for (const [eventId, clicked] of session.searches) {
      const key = eventKey(session.user, eventId)
      seen.add(key)
      const their = found.get(key)
      if (their === undefined) report(WHY.dropped, 1, 0)
      else if (their.clicked === clicked) sameSearches++
      else report(same.has(session) ? WHY.named : WHY.inOther, 1, 1)
    }
  }
  for (const [key, { times }] of found) {
    if (times > 1) report(WHY.sentTwice, 0, times - 1)
    if (!seen.has(key)) report(ourEvents.has(key) ? WHY.repeatedId : WHY.rejected, 0, 1)
  }
  return sameSearches
}

/** A search that was sent twice has a click if either of the two has. */
function searchesByEvent(sessions: readonly FoundSession[]): ReadonlyMap<string, FoundSearch> {
  const found = new Map<string, FoundSearch>()
  for (const { user, searches } of sessions) {
    for (const [eventId, clicked] of searches) {
      const key = eventKey(user, eventId)
      const before = found.get(key)
      found.set(key, { clicked: clicked === 1 ? 1 : (before?.clicked ?? 0), times: (before?.times ?? 0) + 1 })
    }
  }
  return found
}
