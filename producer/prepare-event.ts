// Gives an event an id and a time, and checks it as ingest does.

import { decodeEvent, type Parsed, parseEvent } from '../functions/domain/events/decode.ts'
import { isFields } from '../functions/domain/events/rejection.ts'
import { EventRejectedError, type IdentifiedEvent } from './errors.ts'
import type { EventInput } from './event.ts'
import { RECORD_BYTES_MAX } from './put-records.ts'
import { recordBytes } from './user-batch.ts'

export interface PreparedEvent {
  readonly event: IdentifiedEvent
  /** The user as ingest reads it: an integer becomes its decimal string. */
  readonly user: string
  readonly text: string
}

/**
 * Call it once, before the first try, so that every retry sends the same event. Throws
 * `EventRejectedError` for an event that ingest would reject.
 */
export function prepareEvent(sent: EventInput, nowMs: () => number, newEventId: () => string): PreparedEvent {
  if (!isFields(sent)) throw new EventRejectedError(sent, 'not-an-event', 'not an object')
  const event: IdentifiedEvent = { ...sent, eventId: sent.eventId ?? newEventId(), time: sent.time ?? nowMs() }
  const text = jsonOf(event, sent)
  const parsed = parseEvent(text)
  // The check does not use the digests of listed items.
  const decoded = parsed.ok ? decodeEvent(parsed.value, Number.MAX_SAFE_INTEGER, {}, () => '') : parsed
  if (!decoded.ok) throw new EventRejectedError(sent, decoded.reason, decoded.detail)
  // JSON turns NaN and invalid dates into null, which ingest reads as absent.
  const { eventId, time } = (parsed as Parsed).value as Partial<IdentifiedEvent>
  if ((eventId ?? null) === null) throw new EventRejectedError(sent, 'invalid-field', 'eventId: expected a string')
  if ((time ?? null) === null)
    throw new EventRejectedError(sent, 'invalid-field', 'time: expected ISO 8601 with zone, or epoch milliseconds')
  if (recordBytes(decoded.user, text) > RECORD_BYTES_MAX)
    throw new EventRejectedError(sent, 'too-large', `larger than a record of ${RECORD_BYTES_MAX} bytes`)
  return { event, user: decoded.user, text }
}

/** Throws `EventRejectedError` for what JSON cannot hold, such as a BigInt or a cycle. */
function jsonOf(event: IdentifiedEvent, sent: EventInput): string {
  try {
    return JSON.stringify(event)
  } catch (error) {
    throw new EventRejectedError(sent, 'not-json', (error as Error).message.split('\n', 1)[0] ?? '')
  }
}
