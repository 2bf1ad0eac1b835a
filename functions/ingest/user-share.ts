// Splits one user's share of a batch into chunks that each fit into one write.

import { eventBytes } from '../domain/events/event.ts'
import type { NonEmpty } from '../domain/non-empty.ts'
import { DELIVERY_MS_MAX } from '../domain/sessions/closing.ts'
import { isForgotten } from '../domain/sessions/forgotten.ts'
import type { UserState } from '../domain/sessions/user-state.ts'
import type { SessionWrites } from '../user-writes.ts'
import type { ArrivedEvent } from './decode-records.ts'

/**
 * Bytes of new events in one write. Together with the largest open session they still fit into one
 * table item.
 */
const CHUNK_BYTES_MAX = 16 * 1024

/** One user's share of a batch. */
export interface UserShare {
  readonly writes: SessionWrites
  /** The state as it was stored when the batch began. */
  readonly loaded: UserState
  /** In order of arrival. */
  readonly chunks: NonEmpty<NonEmpty<ArrivedEvent>>
  readonly lastArrivalMs: number
  /** See `notBefore`. */
  readonly notBeforeMs: number
}

/** @param delivered the user's events of the batch, in order of arrival. */
export function userShare(
  writes: SessionWrites,
  loaded: UserState,
  delivered: NonEmpty<ArrivedEvent>,
  notBeforeMs: number,
  nowMs: number,
): UserShare {
  const arrivals = arrivalsSince(delivered, loaded, nowMs - DELIVERY_MS_MAX)
  const lastArrivalMs = arrivals.reduce((latest, { arrivalMs }) => Math.max(latest, arrivalMs), arrivals[0].arrivalMs)
  return { writes, loaded, chunks: toChunks(arrivals, writes.rules.maxSessionEvents), lastArrivalMs, notBeforeMs }
}

/**
 * Lets an event that arrived before `sinceMs` count as arrived then. Only a redrive delivers one,
 * and closed sessions that it belongs to may have expired. By its own arrival time it would be
 * accepted, and a part of a session would replace the rows of the whole. An event of a forgotten
 * user keeps its arrival time, so that it is dropped.
 */
function arrivalsSince(
  delivered: NonEmpty<ArrivedEvent>,
  { forgotten }: UserState,
  sinceMs: number,
): NonEmpty<ArrivedEvent> {
  if (delivered.every(({ arrivalMs }) => arrivalMs >= sinceMs)) return delivered
  const since = (arrival: ArrivedEvent): ArrivedEvent => {
    return arrival.arrivalMs >= sinceMs || isForgotten(arrival, forgotten)
      ? arrival
      : { ...arrival, arrivalMs: sinceMs }
  }
  const [first, ...others] = delivered
  return [since(first), ...others.map(since)]
}

function toChunks([first, ...others]: NonEmpty<ArrivedEvent>, eventsMax: number): NonEmpty<NonEmpty<ArrivedEvent>> {
  let chunk: [ArrivedEvent, ...ArrivedEvent[]] = [first]
  const chunks: [typeof chunk, ...(typeof chunk)[]] = [chunk]
  let bytes = eventBytes(first.event)
  for (const arrival of others) {
    const size = eventBytes(arrival.event)
    if (bytes + size > CHUNK_BYTES_MAX || chunk.length === eventsMax) {
      chunk = [arrival]
      chunks.push(chunk)
      bytes = size
    } else {
      chunk.push(arrival)
      bytes += size
    }
  }
  return chunks
}
