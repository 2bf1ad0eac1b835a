// Splits one user's share of a batch into chunks that each fit into one write.

import { eventBytes } from '../domain/events/event.ts'
import type { NonEmpty } from '../domain/non-empty.ts'
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

/** @param arrivals the user's events of the batch, in order of arrival. */
export function userShare(
  writes: SessionWrites,
  loaded: UserState,
  arrivals: NonEmpty<ArrivedEvent>,
  notBeforeMs: number,
): UserShare {
  const lastArrivalMs = arrivals.reduce((latest, { arrivalMs }) => Math.max(latest, arrivalMs), arrivals[0].arrivalMs)
  return { writes, loaded, chunks: toChunks(arrivals, writes.rules.maxSessionEvents), lastArrivalMs, notBeforeMs }
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
