// What a producer throws: the events that were not sent, or what is wrong with one, in; errors that hold them out.

import type { EventInput } from './event.ts'

/** An event as it goes to the stream: sent again, now or later, it is a duplicate. */
export type IdentifiedEvent = EventInput & { readonly eventId: string; readonly time: string | number }

/** The stream did not take these events, or it is not known whether it did. Sending them again is safe. */
export class EventsNotSentError extends Error {
  readonly events: readonly IdentifiedEvent[]
  constructor(message: string, events: readonly IdentifiedEvent[], cause?: unknown) {
    super(message, { cause })
    this.name = 'EventsNotSentError'
    this.events = events
  }
}

/** Ingest would reject the event, for this reason (as in the dead letters). Nothing was sent. */
export class EventRejectedError extends Error {
  readonly event: EventInput
  readonly reason: string
  constructor(event: EventInput, reason: string, detail: string) {
    super(`${reason}: ${detail}`)
    this.name = 'EventRejectedError'
    this.event = event
    this.reason = reason
  }
}
