// Watches a run: records what producers send and what the steps write, and reports each broken
// invariant that shows before the run is at rest.

import { HOUR_MS } from '../functions/domain/durations.ts'
import { decodeEvent, parseEvent } from '../functions/domain/events/decode.ts'
import type { Digest, Event } from '../functions/domain/events/event.ts'
import type { ClosedSession, ResultRow } from '../functions/domain/results/result.ts'
import { lastAffectingTime } from '../functions/domain/sessions/amending.ts'
import { watermark } from '../functions/domain/sessions/clock.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import { firstEvent, type Session, sessionId } from '../functions/domain/sessions/session.ts'
import { nextDueAt } from '../functions/domain/sessions/timers.ts'
import type { UserState } from '../functions/domain/sessions/user-state.ts'
import type { Sent } from './traffic.ts'

/** A broken invariant. */
export interface Violation {
  readonly user: string
  readonly what: string
}

export interface SentEvent extends Sent {
  /** The decoded event; null for a record that ingest must reject. */
  readonly event: Event | null
}

interface Closing {
  readonly session: Session
  /** The user's skew when the session closed. */
  readonly skewMs: number
  readonly reason: string
}

export interface Watch {
  readonly sent: readonly SentEvent[]
  readonly violations: readonly Violation[]
  /**
   * Records that a producer put the record into the stream. Checks that no session closed just
   * before although the record is on time: its arrival time may lie before that of the closing.
   */
  wasSent(sent: Sent): void
  /** Records that the poller gave these records up, so only a redrive can apply them. */
  wasGivenUp(sequenceNumbers: readonly string[]): void
  /** Returns whether the record was given up and stays so, because the run never redrives it. */
  isGivenUpForGood(sent: Pick<Sent, 'sequenceNumber'>): boolean
  /** Records that a write may forget the user, as of the moment. */
  mayBeForgotten(user: string, atMs: number): void
  /** Returns whether the user was forgotten after the record: nothing of it may be stored. */
  isErased(sent: SentEvent): boolean
  /**
   * Records that a write may store the state, so that its events count as applied.
   *
   * @param notBeforeMs the time from which on the state's timer may fire.
   */
  mayBeSaved(user: string, state: UserState, notBeforeMs: number): void
  /**
   * Checks a session that is about to be closed: it must not lack an event that is on time and not
   * applied yet.
   */
  closes(closed: ClosedSession, skewMs: number | null, nowMs: number): void
  /** Records that ingest may store dead letters of these records. */
  mayBeRejected(sequenceNumbers: readonly string[]): void
  /** Returns whether the record's event was applied before ingest first rejected the record. */
  wasAppliedBefore(sent: Sent): boolean
  /** Records the horizon that a sweep is about to close by. */
  wasRead(horizonMs: number, nowMs: number): void
  /** How far the horizon of the latest sweep trailed the time of day. */
  lagMs(): number
  /**
   * Checks after a sweep that it changed the state of every user with a due session. It need not
   * where another sweep had a later horizon: that one may have taken the user's timer, failed, and
   * scheduled the next try at its own horizon.
   */
  wasSwept(before: ReadonlyMap<string, UserState>, after: ReadonlyMap<string, UserState>, horizonMs: number): void
  /** Checks that a written row is not older than the one it replaces, and final with `divert`. */
  replaces(before: ResultRow | undefined, after: ResultRow): void
  /** Adds a violation. */
  report(user: string, what: string): void
}

/**
 * Two portions of `closeSessions`, because a sweep with a later horizon may close other sessions of
 * a state. If the function is killed, all of them must close again.
 */
const CLOSINGS_OF_STATE_MAX = 50

/** @param givenUpAfterMs the poller gives up records that are older. */
export function newWatch(rules: Rules, givenUpAfterMs: number, digest: Digest): Watch {
  const sent: SentEvent[] = []
  const violations: Violation[] = []
  const unapplied = new Map<string, SentEvent[]>()
  const applied = new Set<string>()
  const notBefore = new Map<string, number>()
  const givenUp = new Set<string>()
  const bySequence = new Map<string, SentEvent>()
  /** By sequence number, whether the event was applied before the record was first rejected. */
  const rejected = new Map<string, boolean>()
  const closedOfState = new Map<string, Set<string>>()
  const forgottenAtMs = new Map<string, number>()
  const isErased = ({ user, event, arrivalMs }: SentEvent): boolean =>
    Math.min(event?.timeMs ?? arrivalMs, arrivalMs) <= (forgottenAtMs.get(user) ?? Number.NEGATIVE_INFINITY)
  const closings = new Map<string, Closing[]>()
  let lagMs = 0
  let latestHorizonMs = Number.NEGATIVE_INFINITY
  const report = (user: string, what: string): void => {
    violations.push({ user, what })
  }
  const isUnapplied = (user: string, one: SentEvent): boolean =>
    !applied.has(`${user} ${one.eventId}`) && !givenUp.has(one.sequenceNumber) && !isErased(one)
  /** Whether the record is on time for the session, whose user had this skew at the closing. */
  const isOnTimeFor = ({ session, skewMs }: Closing, { event, arrivalMs }: SentEvent): boolean =>
    event !== null &&
    event.timeMs >= watermark(arrivalMs, skewMs, rules) &&
    event.timeMs >= firstEvent(session).timeMs - rules.gapMs &&
    event.timeMs <= lastAffectingTime(session, rules)
  return {
    sent,
    violations,
    report,
    wasSent: (one) => {
      const parsed = parseEvent(one.text)
      const decoded = parsed.ok ? decodeEvent(parsed.value, one.arrivalMs, rules, digest) : parsed
      const entry = { ...one, event: decoded.ok ? decoded.event : null }
      sent.push(entry)
      bySequence.set(entry.sequenceNumber, entry)
      if (entry.event === null) return
      unapplied.set(one.user, [...(unapplied.get(one.user) ?? []), entry])
      if (!isUnapplied(one.user, entry)) return
      const early = closings.get(one.user)?.find((closing) => isOnTimeFor(closing, entry))
      if (early !== undefined)
        report(one.user, `a session closed (${early.reason}) just before ${one.eventId}, which is on time`)
    },
    wasGivenUp: (sequenceNumbers) => {
      for (const sequenceNumber of sequenceNumbers) givenUp.add(sequenceNumber)
    },
    isGivenUpForGood: ({ sequenceNumber }) => rules.lateEvents === 'divert' && givenUp.has(sequenceNumber),
    mayBeForgotten: (user, atMs) => {
      forgottenAtMs.set(user, Math.max(atMs, forgottenAtMs.get(user) ?? atMs))
    },
    isErased,
    mayBeRejected: (sequenceNumbers) => {
      for (const sequenceNumber of sequenceNumbers) {
        const one = bySequence.get(sequenceNumber)
        const wasApplied = one !== undefined && applied.has(`${one.user} ${one.eventId}`)
        if (!rejected.has(sequenceNumber)) rejected.set(sequenceNumber, wasApplied)
      }
    },
    wasAppliedBefore: ({ sequenceNumber }) => rejected.get(sequenceNumber) ?? false,
    mayBeSaved: (user, state, notBeforeMs) => {
      notBefore.set(user, Math.max(notBeforeMs, notBefore.get(user) ?? notBeforeMs))
      for (const session of state.open) for (const event of session.events) applied.add(`${user} ${event.eventId}`)
    },
    closes: ({ user, session, reason, version }, skewMs, nowMs) => {
      // A version may come again when its state has expired, but not within the hour.
      const state = `${user} ${version} ${Math.floor(nowMs / HOUR_MS)}`
      const ofState = (closedOfState.get(state) ?? new Set()).add(sessionId(session))
      closedOfState.set(state, ofState)
      if (ofState.size === CLOSINGS_OF_STATE_MAX + 1)
        report(user, `more than ${CLOSINGS_OF_STATE_MAX} sessions close before the state is saved`)
      const remaining = (unapplied.get(user) ?? []).filter((one) => isUnapplied(user, one))
      unapplied.set(user, remaining)
      // A session that a limit ended closes at once, and later events amend it like any other.
      if (skewMs === null || (session.limitedBy !== null && rules.lateEvents === 'amend')) return
      const closing = { session, skewMs, reason }
      closings.set(user, [...(closings.get(user) ?? []), closing])
      for (const one of remaining) {
        if (one.arrivalMs < nowMs - givenUpAfterMs || !isOnTimeFor(closing, one)) continue
        report(user, `a session closes (${reason}) without ${one.eventId}, which is on time and not applied yet`)
      }
    },
    wasRead: (horizonMs, nowMs) => {
      lagMs = nowMs - horizonMs
      latestHorizonMs = Math.max(latestHorizonMs, horizonMs)
    },
    lagMs: () => lagMs,
    wasSwept: (before, after, horizonMs) => {
      if (horizonMs < latestHorizonMs) return
      for (const [user, state] of after) {
        const dueMs = nextDueAt(state, rules)
        if (before.get(user) !== state || dueMs === null) continue
        if (Math.max(dueMs, notBefore.get(user) ?? 0) > horizonMs) continue
        report(user, `the sweep at horizon ${horizonMs} left a session open that was due at ${dueMs}`)
      }
    },
    replaces: (before, after) => {
      if (before === undefined) return
      if (before.version > after.version) report(after.user, `row ${after.sk} went back to version ${after.version}`)
      const changed = JSON.stringify({ ...before, version: 0 }) !== JSON.stringify({ ...after, version: 0 })
      if (rules.lateEvents === 'divert' && changed) report(after.user, `row ${after.sk} changed after it was published`)
    },
  }
}
