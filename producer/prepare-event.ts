// An event as a service hands it over in; the event with an id and a time, its user and its text out, or why ingest would reject it.

import { decodeEvent, type Parsed, parseEvent } from '../functions/domain/events/decode.ts'
import { isFields } from '../functions/domain/events/rejection.ts'
import type { EventInput } from './event.ts'
import { RECORD_BYTES_MAX } from './put-records.ts'
import { EventRejectedError, type IdentifiedEvent } from './refusals.ts'
import { recordBytes } from './user-batch.ts'

export interface PreparedEvent {
  readonly event: IdentifiedEvent
  /** As ingest reads it: an integer is its decimal text. */
  readonly user: string
  readonly text: string
}

/** Once, before the first try: so each of its copies is the same event. */
export function stamped(sent: EventInput, nowMs: () => number, newEventId: () => string): PreparedEvent {
  if (!isFields(sent)) throw new EventRejectedError(sent, 'not-an-event', 'not an object')
  const event: IdentifiedEvent = { ...sent, eventId: sent.eventId ?? newEventId(), time: sent.time ?? nowMs() }
  const text = jsonOf(event, sent)
  const parsed = parseEvent(text)
  // What the listed items are digested to does not matter here.
  const decoded = parsed.ok ? decodeEvent(parsed.value, Number.MAX_SAFE_INTEGER, 0, () => '') : parsed
  if (!decoded.ok) throw new EventRejectedError(sent, decoded.reason, decoded.detail)
  // NaN and what else JSON has no word for is null in it, and ingest takes null for absent.
  const { eventId, time } = (parsed as Parsed).value as Partial<IdentifiedEvent>
  if ((eventId ?? null) === null) throw new EventRejectedError(sent, 'invalid-field', 'eventId: expected a string')
  if ((time ?? null) === null)
    throw new EventRejectedError(sent, 'invalid-field', 'time: expected ISO 8601 with zone, or epoch milliseconds')
  if (recordBytes(decoded.user, text) > RECORD_BYTES_MAX)
    throw new EventRejectedError(sent, 'too-large', `over the ${RECORD_BYTES_MAX} bytes that a record may hold`)
  return { event, user: decoded.user, text }
}

/** A BigInt, or an object that holds itself, has no JSON. */
function jsonOf(event: IdentifiedEvent, sent: EventInput): string {
  try {
    return JSON.stringify(event)
  } catch (error) {
    throw new EventRejectedError(sent, 'not-json', (error as Error).message.split('\n', 1)[0] ?? '')
  }
}
