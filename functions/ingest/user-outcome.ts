// Counts what became of one user's events in a batch, and finds those that Lambda must redeliver.

import { copyText } from '../domain/events/copies.ts'
import type { Digest, Event } from '../domain/events/event.ts'
import { isoTime } from '../domain/events/time.ts'
import type { NonEmpty } from '../domain/non-empty.ts'
import type { RejectedArrival } from '../domain/sessions/rejected-arrivals.ts'
import { type DeadLetter, UNREADABLE_STATE, UnreadableItemError } from '../ports.ts'
import { type ArrivedEvent, deadLetter } from './decode-records.ts'

export interface UserOutcome {
  readonly accepted: number
  readonly duplicates: number
  readonly forgotten: number
  readonly amended: number
  readonly conflicts: number
  /** Copies that left their sessions. Their dead letters are stored already. */
  readonly displaced: number
  readonly rejected: readonly DeadLetter[]
  /**
   * The user's first record that is not applied, by its index in the batch, and why. The cause is
   * null when only the time was up.
   */
  readonly failed: { readonly index: number; readonly cause: unknown } | null
}

/** The time was up before a write was stored. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError'
}

type RunningOutcome = { -readonly [name in keyof UserOutcome]: UserOutcome[name] } & { rejected: DeadLetter[] }

/** Names each count, since a batch has an outcome for each user, and a spread takes longer. */
export function newOutcome(): RunningOutcome {
  return {
    accepted: 0,
    duplicates: 0,
    forgotten: 0,
    amended: 0,
    conflicts: 0,
    displaced: 0,
    rejected: [],
    failed: null,
  }
}

/** The outcome for a user for whom the invocation has no time left. */
export function leftOutcome(arrivals: NonEmpty<ArrivedEvent>): UserOutcome {
  return failedOutcome(new OutOfTimeError(), arrivals, newOutcome())
}

/**
 * @param unapplied the user's events that may not be stored.
 * @param outcome the counts of those that are.
 */
export function failedOutcome(cause: unknown, unapplied: readonly ArrivedEvent[], outcome: UserOutcome): UserOutcome {
  if (cause instanceof UnreadableItemError) {
    return { ...outcome, rejected: [...outcome.rejected, ...unapplied.map((event) => setAside(event, cause))] }
  }
  const index = unapplied.reduce((least, event) => Math.min(least, event.index), Number.POSITIVE_INFINITY)
  return { ...outcome, failed: { index, cause: cause instanceof OutOfTimeError ? null : cause } }
}

function setAside({ record, origin }: ArrivedEvent, { message }: UnreadableItemError): DeadLetter {
  return deadLetter(record, origin, UNREADABLE_STATE, message)
}

export function toDeadLetter({ arrival, reason, detail }: RejectedArrival): DeadLetter {
  const { record, origin } = arrival as ArrivedEvent
  return deadLetter(record, origin, reason, detail)
}

/** Stands for the shard of dead letters that come from a stored session. */
const STORED = 'stored'

/**
 * The dead letter of a copy that left its session (E2). It holds what was stored of the event,
 * since the record is gone. Its name follows from the user and the copy, so that a redelivered
 * batch stores it again under the same name.
 */
export function displacedDeadLetter(user: string, event: Event, arrivalMs: number, digest: Digest): DeadLetter {
  const { timeMs, ...fields } = event
  const data = JSON.stringify({ user, stored: { ...fields, time: isoTime(timeMs) } })
  return {
    reason: 'id-reused',
    detail: `eventId: another ${event.type} of the user with this id counts; data holds what was stored of this one`,
    shardId: STORED,
    sequenceNumber: digest(JSON.stringify([user, copyText(event)])),
    arrivalMs,
    subSequence: null,
    data: Buffer.from(data).toString('base64'),
  }
}
