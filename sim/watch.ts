// What is watched while a run goes on: sent records, closings and published rows in, broken promises out.

import { decodeEvent, parseEvent } from '../functions/domain/events/decode.ts'
import type { Digest, Event } from '../functions/domain/events/event.ts'
import type { ClosedSession, ResultRow } from '../functions/domain/results/result.ts'
import { lastAffectingTime } from '../functions/domain/sessions/amending.ts'
import { watermark } from '../functions/domain/sessions/clock.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import { firstEvent } from '../functions/domain/sessions/session.ts'
import { nextDueAt } from '../functions/domain/sessions/timers.ts'
import type { UserState } from '../functions/domain/sessions/user-state.ts'
import type { Sent } from './traffic.ts'

export interface Violation {
  readonly user: string
  readonly what: string
}

export interface SentEvent extends Sent {
  /** Null for what is rejected. */
  readonly event: Event | null
}

export interface Watch {
  readonly sent: readonly SentEvent[]
  readonly violations: readonly Violation[]
  wasSent(sent: Sent): void
  /** These records will not be read any more until they are sent again. */
  wasGivenUp(sequenceNumbers: readonly string[]): void
  /** Given up, and not sent again. */
  isKeptAside(sent: Sent): boolean
  /** The user may be forgotten from now on, as of the moment. */
  mayBeForgotten(user: string, atMs: number): void
  /** Sent before its user was forgotten: it has to be as if it had never been. */
  isErased(sent: SentEvent): boolean
  /**
   * What is written, whether or not it is heard of again, is no longer unread.
   *
   * @param lookableMs from when on the sweeper may look for it.
   */
  mayBeSaved(user: string, state: UserState, lookableMs: number): void
  /** Called when a session is about to be closed for good or by the sweeper: no record that is on time and not yet applied may touch the session. */
  closes(closed: ClosedSession, skewMs: number | null, nowMs: number): void
  /** Called after a sweep: it left nothing as it found it that was due then. */
  wasSwept(found: ReadonlyMap<string, UserState>, left: ReadonlyMap<string, UserState>, horizonMs: number): void
  /** Called when a row is about to be replaced. */
  replaces(before: ResultRow | undefined, after: ResultRow): void
  broken(user: string, what: string): void
}

/** @param givenUpAfterMs what is older will not be read before it is sent again. */
export function newWatch(rules: Rules, givenUpAfterMs: number, digest: Digest): Watch {
  const sent: SentEvent[] = []
  const violations: Violation[] = []
  const unread = new Map<string, SentEvent[]>()
  const applied = new Set<string>()
  const lookable = new Map<string, number>()
  const givenUp = new Set<string>()
  const forgottenAtMs = new Map<string, number>()
  const isErased = ({ user, event, arrivalMs }: SentEvent): boolean =>
    Math.min(event?.timeMs ?? arrivalMs, arrivalMs) <= (forgottenAtMs.get(user) ?? Number.NEGATIVE_INFINITY)
  const broken = (user: string, what: string): void => {
    violations.push({ user, what })
  }
  const isUnread = (user: string, one: SentEvent): boolean =>
    !applied.has(`${user} ${one.eventId}`) && !givenUp.has(one.sequenceNumber) && !isErased(one)
  return {
    sent,
    violations,
    broken,
    wasSent: (one) => {
      const parsed = parseEvent(one.text)
      const decoded = parsed.ok ? decodeEvent(parsed.value, one.arrivalMs, rules.maxClockSkewMs, digest) : parsed
      const entry = { ...one, event: decoded.ok ? decoded.event : null }
      sent.push(entry)
      if (entry.event !== null) unread.set(one.user, [...(unread.get(one.user) ?? []), entry])
    },
    wasGivenUp: (sequenceNumbers) => {
      for (const sequenceNumber of sequenceNumbers) givenUp.add(sequenceNumber)
    },
    isKeptAside: ({ sequenceNumber }) => rules.lateEvents === 'divert' && givenUp.has(sequenceNumber),
    mayBeForgotten: (user, atMs) => {
      forgottenAtMs.set(user, Math.max(atMs, forgottenAtMs.get(user) ?? atMs))
    },
    isErased,
    mayBeSaved: (user, state, lookableMs) => {
      lookable.set(user, Math.max(lookableMs, lookable.get(user) ?? lookableMs))
      for (const session of state.open) for (const event of session.events) applied.add(`${user} ${event.eventId}`)
    },
    closes: ({ user, session, reason }, skewMs, nowMs) => {
      const still = (unread.get(user) ?? []).filter((one) => isUnread(user, one))
      unread.set(user, still)
      // A session that a limit cut is closed at once, and amended like any other.
      if (skewMs === null || (session.limitedBy !== null && rules.lateEvents === 'amend')) return
      for (const { event, arrivalMs } of still) {
        if (arrivalMs < nowMs - givenUpAfterMs) continue
        if (event === null || event.timeMs < watermark(arrivalMs, skewMs, rules)) continue
        if (event.timeMs < firstEvent(session).timeMs - rules.gapMs || event.timeMs > lastAffectingTime(session, rules))
          continue
        broken(user, `a session closed (${reason}) though ${event.eventId}, unread and on time, belongs to it`)
      }
    },
    wasSwept: (found, left, horizonMs) => {
      for (const [user, state] of left) {
        const dueMs = nextDueAt(state, rules)
        if (found.get(user) !== state || dueMs === null) continue
        if (Math.max(dueMs, lookable.get(user) ?? 0) > horizonMs) continue
        broken(user, `a sweep at ${horizonMs} left a session open that was due at ${dueMs}`)
      }
    },
    replaces: (before, after) => {
      if (before === undefined) return
      if (before.version > after.version) broken(after.user, `row ${after.sk} went back to version ${after.version}`)
      const changed = JSON.stringify({ ...before, version: 0 }) !== JSON.stringify({ ...after, version: 0 })
      if (rules.lateEvents === 'divert' && changed) broken(after.user, `row ${after.sk} changed after it was published`)
    },
  }
}
