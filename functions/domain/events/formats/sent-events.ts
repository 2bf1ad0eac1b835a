// Converts documents of other formats to our events, as a producer would send them.

import { decodeEvent } from '../decode.ts'
import type { Digest } from '../event.ts'
import { type Fields, isFields, orRejection, type Rejection, rejection } from '../rejection.ts'
import { bytewaxEvent, bytewaxType, isBytewax } from './bytewax.ts'
import { isUbi, ubiEvents } from './ubi.ts'

/** `auto` decides the format of each document by its fields. */
export const FORMATS = ['auto', 'events', 'ubi', 'bytewax'] as const
export type Format = (typeof FORMATS)[number]

/** In order. Empty for a document of a known format that stands for no event of ours. */
export interface SentEvents {
  readonly ok: true
  readonly events: readonly unknown[]
}

/**
 * Converts a document to the events that it stands for: none, one or two. A document of no other
 * format is taken for our own event and returned as it is.
 */
export function sentEvents(document: unknown, format: Format = 'auto'): SentEvents | Rejection {
  if (format === 'events' || (format === 'auto' && !isFields(document))) return { ok: true, events: [document] }
  if (!isFields(document)) return rejection('not-an-event', 'not a JSON object')
  return orRejection(() => eventsOf(document, format))
}

function eventsOf(document: Fields, format: Format): SentEvents | Rejection {
  if (format !== 'bytewax' && isUbi(document)) return { ok: true, events: ubiEvents(document) }
  if (format === 'ubi') return rejection('not-an-event', 'not a UBI document')
  const type = bytewaxType(document)
  if (type !== null && (format === 'bytewax' || isBytewax(document)))
    return { ok: true, events: [bytewaxEvent(document, type)] }
  if (format === 'bytewax')
    return rejection('unknown-type', 'type: expected a class of the Bytewax tutorial, beside a user')
  return { ok: true, events: [document] }
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
    const decoded = decodeEvent(event, Number.MAX_SAFE_INTEGER, 0, digest)
    if (!decoded.ok) return decoded
  }
  return sent
}
