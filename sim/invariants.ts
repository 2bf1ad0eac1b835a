// What must hold when a run has come to rest: stores, letters and everything sent in, broken promises out.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import type { Event } from '../functions/domain/events/event.ts'
import { isNamed } from '../functions/domain/events/named-users.ts'
import type { ResultRow } from '../functions/domain/results/result.ts'
import { toRows } from '../functions/domain/results/result-rows.ts'
import { watermark } from '../functions/domain/sessions/clock.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import { firstEvent, type Session, sessionId } from '../functions/domain/sessions/session.ts'
import type { DeadLetter } from '../functions/ports.ts'
import { type OracleSession, oracleSessions } from './oracle.ts'
import type { Stores } from './stores.ts'
import type { SentEvent, Watch } from './watch.ts'

/**
 * Adds to what the watch found: per user, the final sessions and rows against those of the accepted events at once.
 *
 * @param fromMs what is before it was checked before, and may have expired since.
 */
export function checkAtRest(
  users: readonly string[],
  stores: Stores,
  watch: Watch,
  rules: Rules,
  fromMs: number,
): void {
  const deadLettersBySequence = new Map(stores.deadLetters.stored.map((letter) => [letter.sequenceNumber, letter]))
  checkDeadLetters(deadLettersBySequence, watch, rules)
  for (const user of users) {
    const broken = (what: string): void => watch.broken(user, what)
    if ((stores.sessions.states.get(user)?.open.length ?? 0) > 0) broken('a session never closed')
    const waiting = [...stores.timers.pages.values()].flat()
    if (waiting.some((timer) => timer.user === user)) broken('an timer was never looked at')
    const sessions = closedOf(user, stores, fromMs)
    const events = sessions.flatMap((session) => session.events)
    const accepted = new Map(events.map((event) => [event.eventId, event]))
    if (accepted.size < events.length) broken('an event is in two sessions')
    const unrefused = new Set<string>()
    for (const one of watch.sent) {
      if (one.user !== user || one.arrivalMs < fromMs || one.event === null || watch.isErased(one)) continue
      const isRefused = deadLettersBySequence.has(one.sequenceNumber)
      if (!isRefused) unrefused.add(one.event.eventId)
      const isKept = accepted.has(one.event.eventId) || isRefused || watch.isKeptAside(one)
      if (!isKept) broken(`${one.eventId} is in no session and no dead letter`)
    }
    // One record brought it. Another with the same event may have come too late.
    const twice = [...accepted.keys()].find((eventId) => !unrefused.has(eventId))
    if (twice !== undefined) broken(`${twice} is in a session though each of its records is a dead letter`)
    checkForgotten(user, accepted, stores, watch, broken)
    const expected = oracleSessions([...accepted.values()], rules)
    checkSessions(sessions, expected, broken)
    const published = [...stores.results.rows.values()].filter((row) => row.user === user && timeOf(row) >= fromMs)
    checkRows(user, published, sessions, expected, broken)
  }
}

/** Nothing is left of what was sent before the user was forgotten, unless it came again after. */
function checkForgotten(
  user: string,
  accepted: ReadonlyMap<string, Event>,
  stores: Stores,
  watch: Watch,
  broken: (what: string) => void,
): void {
  const pendingTombstones = stores.sessions.states.get(user)?.forgotten?.pendingTombstones ?? []
  if (pendingTombstones.length > 0) broken('sessions were forgotten and have no marks')
  const sent = watch.sent.filter((one) => one.user === user)
  const cameAfter = new Set(sent.filter((one) => !watch.isErased(one)).map(({ eventId }) => eventId))
  const rows = [...stores.results.rows.values()].filter((row) => row.user === user)
  const published = new Set(rows.flatMap((row) => (row.kind === 'search' ? row.event_id : [])))
  const letters = new Set(stores.deadLetters.stored.map(({ sequenceNumber }) => sequenceNumber))
  for (const one of sent) {
    if (!watch.isErased(one)) continue
    const { eventId, text, sequenceNumber } = one
    if (letters.has(sequenceNumber) && isNamed(user, text)) broken(`${text} was forgotten and is kept`)
    if (eventId === null || cameAfter.has(eventId)) continue
    if (accepted.has(eventId)) broken(`${eventId} was forgotten and is in a session`)
    if (published.has(eventId)) broken(`${eventId} was forgotten and has a row`)
  }
}

/** Each was refused for the reason that the rules give, and nothing else was. */
function checkDeadLetters(letters: ReadonlyMap<string, DeadLetter>, watch: Watch, rules: Rules): void {
  const skews = new Map<string, number>()
  for (const { user, event, arrivalMs } of watch.sent) {
    if (event !== null) skews.set(user, Math.max(skews.get(user) ?? Number.NEGATIVE_INFINITY, event.timeMs - arrivalMs))
  }
  for (const one of watch.sent) {
    const reason = letters.get(one.sequenceNumber)?.reason
    if (watch.isKeptAside(one) || watch.isErased(one)) continue
    if (one.event === null) {
      if (reason === undefined || reason === 'too-late' || reason === 'late')
        watch.broken(one.user, `${one.text} was not refused as what it is but as ${reason}`)
    } else if (reason !== undefined && !isBehind(one, one.event, reason, skews, rules)) {
      watch.broken(one.user, `${one.eventId} was refused as ${reason}`)
    }
  }
}

/** Whether the user's clock, as far ahead as it ever was, allows this refusal. */
function isBehind(
  { user, arrivalMs }: SentEvent,
  event: Event,
  reason: string,
  skews: ReadonlyMap<string, number>,
  rules: Rules,
): boolean {
  const behindMs = watermark(arrivalMs, skews.get(user) ?? 0, rules) - event.timeMs
  if (reason === 'late') return rules.lateEvents === 'divert' && behindMs > 0
  return reason === 'too-late' && behindMs > rules.amendForMs
}

function timeOf(row: ResultRow): number {
  return Date.parse(row.kind === 'search' ? row.time : row.start)
}

function closedOf(user: string, stores: Stores, fromMs: number): Session[] {
  const stored = [...stores.sessions.closed.values()]
    .flatMap((entry) => (entry.user === user && entry.closed !== null ? [entry.closed.session] : []))
    .filter((session) => firstEvent(session).timeMs >= fromMs)
  return stored.sort((a, b) => firstEvent(a).timeMs - firstEvent(b).timeMs || compareFirst(a, b))
}

function compareFirst(a: Session, b: Session): number {
  if (a.continues === sessionId(b)) return 1
  if (b.continues === sessionId(a)) return -1
  return sessionId(a) < sessionId(b) ? -1 : 1
}

function checkSessions(
  sessions: readonly Session[],
  expected: readonly OracleSession[],
  broken: (what: string) => void,
): void {
  const idsOf = (events: readonly Event[]): string => events.map(({ eventId }) => eventId).join(' ')
  const found = new Map(sessions.map((session) => [idsOf(session.events), session]))
  if (sessions.length !== expected.length) broken(`${sessions.length} sessions instead of ${expected.length}`)
  let previous: Session | undefined
  for (const { events, continuesPrevious } of expected) {
    const session = found.get(idsOf(events))
    if (session === undefined) {
      broken(`no session holds just ${idsOf(events)}`)
      return
    }
    const continues = continuesPrevious && previous !== undefined ? sessionId(previous) : null
    if (session.continues !== continues)
      broken(`${sessionId(session)} continues ${session.continues}, not ${continues}`)
    previous = session
  }
}

/** Everything of a row but what depends on which event came first. */
function essence(row: ResultRow): string {
  const { session_id, version, ...rest } = row
  if (rest.kind === 'search') return JSON.stringify(rest)
  const { sk, continues_session_id, ...counts } = rest
  return JSON.stringify(counts)
}

function checkRows(
  user: string,
  published: readonly ResultRow[],
  sessions: readonly Session[],
  expected: readonly OracleSession[],
  broken: (what: string) => void,
): void {
  const ids = new Set(sessions.map(sessionId))
  const stray = published.find((row) => !ids.has(row.session_id))
  if (stray !== undefined) broken(`row ${stray.sk} belongs to no session`)
  const rows = expected.flatMap(({ events, ended }, n) => {
    const next = expected[n + 1]
    const isCut = ended === 'max_events' || ended === 'max_duration'
    const limitedBy = isCut && next !== undefined ? { limit: ended, atMs: next.events[0].timeMs } : null
    const session: Session = { ids: ['any'], continues: null, limitedBy, events }
    return toRows({ user, session, reason: ended, version: 0 }, sha256)
  })
  const wanted = rows.map(essence).sort()
  const got = published.map(essence).sort()
  const missing = wanted.find((row) => !got.includes(row))
  const surplus = got.find((row) => !wanted.includes(row))
  if (missing !== undefined) broken(`no row is ${missing}`)
  if (surplus !== undefined) broken(`there is a row ${surplus}`)
  if (missing === undefined && surplus === undefined && got.length !== wanted.length) broken('a row is there twice')
}
