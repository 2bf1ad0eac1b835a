// Checks what must hold once a run is at rest: every sent event is where the rules want it, and
// sessions and rows are those of the oracle.

import { MINUTE_MS } from '../functions/domain/durations.ts'
import { type Event, eventKey } from '../functions/domain/events/event.ts'
import { isNamed } from '../functions/domain/events/named-users.ts'
import type { ResultRow } from '../functions/domain/results/result.ts'
import { watermark } from '../functions/domain/sessions/clock.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import { firstEvent, type Session, sessionId } from '../functions/domain/sessions/session.ts'
import type { DeadLetter } from '../functions/ports.ts'
import { type OracleSession, oracleSessions } from './oracle.ts'
import { checkCopies, isConflicting } from './reused-ids.ts'
import { checkRows } from './row-invariants.ts'
import type { Stores } from './stores.ts'
import type { SentEvent, Watch } from './watch.ts'
import type { Wiring } from './wiring.ts'

/** A sweep reads short pages up to the present, less the spread of arrival times. */
const LAG_AT_REST_MS_MAX = 3 * MINUTE_MS

/**
 * Compares the stored sessions and rows of each user with those that the oracle computes from the
 * accepted events. It reports every difference to the watch.
 *
 * @param fromMs the check ignores earlier events. An earlier call checked them, and their sessions
 * may have expired since.
 */
export function checkAtRest(
  users: readonly string[],
  { stores, watch, rules, rowRules }: Wiring,
  fromMs: number,
): void {
  const deadLettersBySequence = new Map(stores.deadLetters.stored.map((one) => [one.sequenceNumber, one]))
  checkDeadLetters(deadLettersBySequence, watch, rules)
  if (watch.lagMs() > LAG_AT_REST_MS_MAX) {
    watch.report('every user', `the horizon trails by ${watch.lagMs()} ms although every record is applied`)
  }
  for (const user of users) {
    const report = (what: string): void => watch.report(user, what)
    if ((stores.sessions.states.get(user)?.open.length ?? 0) > 0) report('a session is still open')
    const timers = [...stores.timers.pages.values()].flat()
    if (timers.some((timer) => timer.user === user)) report('a timer has not fired')
    const sessions = closedOf(user, stores, fromMs)
    const events = sessions.flatMap((session) => session.events)
    const accepted = new Map(events.map((event) => [eventKey(event), event]))
    if (accepted.size < events.length) report('an event is in two sessions')
    const notRejected = new Set<string>()
    for (const one of watch.sent) {
      if (one.user !== user || one.arrivalMs < fromMs || one.event === null || watch.isErased(one)) continue
      const isRejected = deadLettersBySequence.has(one.sequenceNumber)
      if (!isRejected || watch.wasAppliedBefore(one)) notRejected.add(eventKey(one.event))
      const isStored = accepted.has(eventKey(one.event)) || isRejected || watch.isGivenUpForGood(one)
      if (!isStored) report(`${one.eventId} is in no session and in no dead letter`)
    }
    // Where an event was put twice, one record may be too late. The other must then be applied. A
    // record that was applied may be too late when it is redelivered (C6).
    const onlyRejected = [...accepted.keys()].find((key) => !notRejected.has(key))
    if (onlyRejected !== undefined) report(`${onlyRejected} is in a session, but each of its records is a dead letter`)
    const checked = watch.sent.filter(({ arrivalMs }) => arrivalMs >= fromMs)
    checkCopies(user, events, checked, stores.deadLetters.stored, report)
    checkForgotten(user, accepted, stores, watch, report)
    const expected = oracleSessions([...accepted.values()], rules)
    checkSessions(sessions, expected, report)
    const published = [...stores.results.rows.values()].filter((row) => row.user === user && timeOf(row) >= fromMs)
    checkRows(user, published, sessions, expected, rowRules, report)
  }
}

/**
 * Checks that nothing is stored of what a forgotten user sent before the moment. An event that
 * its producer sent anew may be stored.
 */
function checkForgotten(
  user: string,
  accepted: ReadonlyMap<string, Event>,
  stores: Stores,
  watch: Watch,
  report: (what: string) => void,
): void {
  const pendingTombstones = stores.sessions.states.get(user)?.forgotten?.pendingTombstones ?? []
  if (pendingTombstones.length > 0) report('forgotten sessions have no tombstones')
  const sent = watch.sent.filter((one) => one.user === user)
  const sentAfterwards = new Set(sent.filter((one) => !watch.isErased(one)).map(({ eventId }) => eventId))
  const rows = [...stores.results.rows.values()].filter((row) => row.user === user)
  const published = new Set(rows.flatMap((row) => (row.kind === 'search' ? row.event_id : [])))
  const deadLetters = new Set(stores.deadLetters.stored.map(({ sequenceNumber }) => sequenceNumber))
  for (const one of sent) {
    if (!watch.isErased(one)) continue
    const { event, eventId, text, sequenceNumber } = one
    if (deadLetters.has(sequenceNumber) && isNamed(user, text)) report(`${text} was forgotten but is a dead letter`)
    if (eventId === null || sentAfterwards.has(eventId)) continue
    if (event !== null && accepted.has(eventKey(event))) report(`${eventId} was forgotten but is in a session`)
    if (published.has(eventId)) report(`${eventId} was forgotten but has a row`)
  }
}

/**
 * Checks that ingest rejected every record that is no event, and rejected an event only where the
 * rules say so.
 */
function checkDeadLetters(deadLetters: ReadonlyMap<string, DeadLetter>, watch: Watch, rules: Rules): void {
  const skews = new Map<string, number>()
  for (const { user, event, arrivalMs } of watch.sent) {
    if (event !== null) skews.set(user, Math.max(skews.get(user) ?? Number.NEGATIVE_INFINITY, event.timeMs - arrivalMs))
  }
  for (const one of watch.sent) {
    const reason = deadLetters.get(one.sequenceNumber)?.reason
    if (watch.isGivenUpForGood(one) || watch.isErased(one)) continue
    if (one.event === null) {
      if (reason === undefined) watch.report(one.user, `${one.text} is no event but was not rejected`)
      if (reason === 'too-late' || reason === 'late')
        watch.report(one.user, `${one.text} is no event but was rejected as ${reason}`)
    } else if (reason === 'id-reused' && isConflicting(one, watch.sent)) continue
    else if (reason !== undefined && !isLate(one, one.event, reason, skews, rules)) {
      watch.report(one.user, `${one.eventId} was rejected as ${reason} but is not late`)
    }
  }
}

/**
 * Whether the event may be rejected for this reason. The largest skew that the user ever had gives
 * the latest watermark that ingest can have known, so an event before that may be late.
 */
function isLate(
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
  report: (what: string) => void,
): void {
  const idsOf = (events: readonly Event[]): string => events.map(eventKey).join(' ')
  const found = new Map(sessions.map((session) => [idsOf(session.events), session]))
  if (sessions.length !== expected.length) report(`${sessions.length} sessions instead of ${expected.length}`)
  let previous: Session | undefined
  for (const { events, continuesPrevious } of expected) {
    const session = found.get(idsOf(events))
    if (session === undefined) {
      report(`no session holds just ${idsOf(events)}`)
      return
    }
    const continues = continuesPrevious && previous !== undefined ? sessionId(previous) : null
    if (session.continues !== continues)
      report(`${sessionId(session)} continues ${session.continues}, not ${continues}`)
    previous = session
  }
}
