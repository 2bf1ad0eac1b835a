// Converts documents of other formats to our events, as a producer would send them.

import { decodeEvent } from '../decode.ts'
import type { Digest } from '../event.ts'
import { withoutAliases } from '../field-names.ts'
import { type Fields, isFields, orRejection, type Rejection, rejection } from '../rejection.ts'
import { bytewaxEvent, bytewaxType, isBytewax } from './bytewax.ts'
import { type IgnoredReason, isUbi, ubiEvents } from './ubi.ts'

/** `auto` decides the format of each document by its fields. */
export const FORMATS = ['auto', 'events', 'ubi', 'bytewax'] as const
export type Format = (typeof FORMATS)[number]

export interface SentEvents {
  readonly ok: true
  /** In order. Empty for a document of a known format that stands for no event of ours. */
  readonly events: readonly unknown[]
  /** Why there is no event; null where there is one. */
  readonly ignored: IgnoredReason | null
}

/**
 * Converts a document to the events that it stands for: none, one or two. A document of no other
 * format is taken for our own event, and only its aliases are renamed (E5).
 */
export function sentEvents(document: unknown, format: Format = 'auto'): SentEvents | Rejection {
  if (!isFields(document)) {
    const isRefused = format === 'ubi' || format === 'bytewax'
    return isRefused ? rejection('not-an-event', 'not a JSON object') : oneEvent(document)
  }
  return orRejection(() => eventsOf(document, format))
}

function eventsOf(document: Fields, format: Format): SentEvents | Rejection {
  if (format !== 'bytewax' && format !== 'events' && isUbi(document)) {
    const events = ubiEvents(document)
    return typeof events === 'string' ? { ok: true, events: [], ignored: events } : { ok: true, events, ignored: null }
  }
  if (format === 'ubi') return rejection('not-an-event', 'not a UBI document')
  const type = format === 'events' ? null : bytewaxType(document)
  if (type !== null && (format === 'bytewax' || isBytewax(document)))
    return oneEvent(withoutAliases(bytewaxEvent(document, type)))
  if (format === 'bytewax')
    return rejection('unknown-type', 'type: expected a class of the Bytewax tutorial, beside a user')
  return oneEvent(withoutAliases(document))
}

function oneEvent(event: unknown): SentEvents {
  return { ok: true, events: [event], ignored: null }
}

/**
 * Converts a document for a producer, and checks that ingest will accept its events unless they are
 * too late. Otherwise it returns the reason.
 *
 * The conversion adds no `eventId`. Ingest digests the contents of events without one, so a copy of
 * the document is a duplicate, whether it was converted or not.
 *
 * @example
 * convertDocument({ action_name: 'click', client_id: 'ann', ... }, 'ubi', sha256)
 * // { ok: true, events: [{ type: 'ClickResult', user: 'ann', ... }] }
 */
export function convertDocument(document: unknown, format: Format, digest: Digest): SentEvents | Rejection {
  const sent = sentEvents(document, format)
  if (!sent.ok) return sent
  for (const event of sent.events) {
    const decoded = decodeEvent(event, Number.MAX_SAFE_INTEGER, {}, digest)
    if (!decoded.ok) return decoded
  }
  return sent
}
