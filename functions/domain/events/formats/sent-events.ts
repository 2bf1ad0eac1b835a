// Formats that people already have: one JSON value in, our events that it stands for out, as they would be sent.

import { decodeEvent } from '../decode.ts'
import type { Digest } from '../event.ts'
import { type Fields, isFields, orRejection, type Rejection, rejection } from '../rejection.ts'
import { bytewaxEvent, bytewaxType, isBytewax } from './bytewax.ts'
import { isUbi, ubiEvents } from './ubi.ts'

/** `auto` takes each document for what it looks like. */
export const FORMATS = ['auto', 'events', 'ubi', 'bytewax'] as const
export type Format = (typeof FORMATS)[number]

/** In order. None where the document is of a known format and says nothing that we count. */
export interface SentEvents {
  readonly ok: true
  readonly events: readonly unknown[]
}

/**
 * What is no document of another format is taken for an event of ours, and is handed on as it is. Bounded: a document
 * stands for two events at most.
 */
export function sentEvents(document: unknown, format: Format = 'auto'): SentEvents | Rejection {
  if (format === 'events' || (format === 'auto' && !isFields(document))) return { ok: true, events: [document] }
  if (!isFields(document)) return rejection('not-an-event', 'not a JSON object')
  return orRejection(() => eventsOf(document, format))
}

function eventsOf(document: Fields, format: Format): SentEvents | Rejection {
  if (format !== 'bytewax' && isUbi(document)) return { ok: true, events: ubiEvents(document) }
  if (format === 'ubi') return rejection('not-an-event', 'not a document of UBI')
  const type = bytewaxType(document)
  if (type !== null && (format === 'bytewax' || isBytewax(document)))
    return { ok: true, events: [bytewaxEvent(document, type)] }
  if (format === 'bytewax') return rejection('unknown-type', 'type: expected a class of the tutorial, and a user')
  return { ok: true, events: [document] }
}

/**
 * For the producer's side: events that ingest will take unless they come too late, ready to be sent, or why the
 * document is none. They have no `eventId` of their own making: ingest gives each a digest of its contents, so sending
 * a document again, in its own format or converted, is a duplicate.
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
