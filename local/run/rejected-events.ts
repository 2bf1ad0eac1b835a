// Counts the rejected events of a run, and recognizes those that a session holds.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import { sentEvents } from '../../functions/domain/events/formats/sent-events.ts'
import type { DeadLetter } from '../../functions/ports.ts'

export interface RejectedEvent {
  readonly reason: DeadLetter['reason']
  /** The `storedKey` of an event that is rejected only because it came late; null for others. */
  readonly lateKey: string | null
}

/**
 * Identifies an event in a table or a dead letter. It leaves the user out, who may be stored by a
 * pseudonym. Two users hardly have events of one id, type and millisecond.
 */
export function storedKey({ type, eventId, timeMs }: Event): string {
  return JSON.stringify([type, eventId, timeMs])
}

/**
 * Returns the rejected records and events. A redelivered batch may leave two dead letters for one
 * event, which counts once.
 */
export function rejectedEvents(deadLetters: Iterable<DeadLetter>): RejectedEvent[] {
  const rejected = new Map<string, RejectedEvent>()
  for (const deadLetter of deadLetters) {
    const { reason, shardId, sequenceNumber, subSequence } = deadLetter
    rejected.set(JSON.stringify([shardId, sequenceNumber, subSequence]), { reason, lateKey: lateKey(deadLetter) })
  }
  return [...rejected.values()]
}

function lateKey({ reason, data, arrivalMs, subSequence }: DeadLetter): string | null {
  if (reason !== 'too-late' && reason !== 'late') return null
  const parsed = recordEvents(Buffer.from(data, 'base64')).events[0]?.read()
  const sent = parsed?.ok ? sentEvents(parsed.value) : null
  if (!sent?.ok || sent.ignored !== null) return null
  const decoded = decodeEvent(
    sent.events[0],
    arrivalMs,
    { minEventTimeMs: Number.NEGATIVE_INFINITY },
    sha256,
    subSequence,
  )
  return decoded.ok ? storedKey(decoded.event) : null
}

/**
 * Counts rejected events by reason. Leaves out those that a session holds: ingest may reject the
 * copy of an event that it applied before, such as an old one of a redelivered batch.
 */
export function countRejected(
  rejected: readonly RejectedEvent[],
  held: ReadonlySet<string>,
): { readonly reasons: Readonly<Record<string, number>>; readonly copies: number } {
  const counted = rejected.filter(({ lateKey }) => lateKey === null || !held.has(lateKey))
  const reasons: Record<string, number> = {}
  for (const reason of counted.map(({ reason }) => reason).sort()) reasons[reason] = (reasons[reason] ?? 0) + 1
  return { reasons, copies: rejected.length - counted.length }
}
