// An event as a service hands it over in; the event with an id and a time, its user and its text out, or why ingest would reject it.

import { decodeEvent, type Parsed, parseEvent } from '../functions/domain/events/decode.ts'
import { isFields } from '../functions/domain/events/rejection.ts'
import type { EventInput } from './event.ts'
import { RECORD_BYTES_MAX } from './put-records.ts'
import { EventRejected, type StampedEvent } from './refusals.ts'
import { recordBytes } from './user-batch.ts'

export interface Stamped {
  readonly event: StampedEvent
  /** As ingest reads it: an integer is its decimal text. */
  readonly user: string
  readonly text: string
}

/** Once, before the first try: so each of its copies is the same event. */
export function stamped(sent: EventInput, nowMs: () => number, newEventId: () => string): Stamped {
  if (!isFields(sent)) throw new EventRejected(sent, 'not-an-event', 'not an object')
  const event: StampedEvent = { ...sent, eventId: sent.eventId ?? newEventId(), time: sent.time ?? nowMs() }
  const text = jsonOf(event, sent)
  const parsed = parseEvent(text)
  // What the listed items are digested to does not matter here.
  const decoded = parsed.ok ? decodeEvent(parsed.value, Number.MAX_SAFE_INTEGER, 0, () => '') : parsed
  if (!decoded.ok) throw new EventRejected(sent, decoded.reason, decoded.detail)
  // NaN and what else JSON has no word for is null in it, and ingest takes null for absent.
  const { eventId, time } = (parsed as Parsed).value as Partial<StampedEvent>
  if ((eventId ?? null) === null) throw new EventRejected(sent, 'invalid-field', 'eventId: expected a string')
  if ((time ?? null) === null)
    throw new EventRejected(sent, 'invalid-field', 'time: expected ISO 8601 with zone, or epoch milliseconds')
  if (recordBytes(decoded.user, text) > RECORD_BYTES_MAX)
    throw new EventRejected(sent, 'too-large', `over the ${RECORD_BYTES_MAX} bytes that a record may hold`)
  return { event, user: decoded.user, text }
}

/** A BigInt, or an object that holds itself, has no JSON. */
function jsonOf(event: StampedEvent, sent: EventInput): string {
  try {
    return JSON.stringify(event)
  } catch (error) {
    throw new EventRejected(sent, 'not-json', (error as Error).message.split('\n', 1)[0] ?? '')
  }
}
