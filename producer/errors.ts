// Defines the errors of a producer, which hold the events that were not sent.

import type { EventInput } from './event.ts'

/** An event as the producer sends it. If it is sent again, ingest drops it as a duplicate. */
export type IdentifiedEvent = EventInput & { readonly eventId: string | number; readonly time: string | number }

/**
 * The stream did not accept these events, or its answer was lost. Sending them again is safe,
 * because they have ids.
 */
export class EventsNotSentError extends Error {
  override readonly name = 'EventsNotSentError'
  readonly events: readonly IdentifiedEvent[]

  constructor(message: string, events: readonly IdentifiedEvent[], cause?: unknown) {
    super(message, { cause })
    this.events = events
  }
}

/**
 * Ingest would reject the event, so the producer sent nothing. The reason is one of those in the
 * dead letters.
 */
export class EventRejectedError extends Error {
  override readonly name = 'EventRejectedError'
  readonly event: EventInput
  readonly reason: string

  constructor(event: EventInput, reason: string, detail: string) {
    super(`${reason}: ${detail}`)
    this.event = event
    this.reason = reason
  }
}
