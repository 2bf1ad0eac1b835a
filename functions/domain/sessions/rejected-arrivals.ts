// Gives the reasons for rejecting arrivals: they come too late for their sessions (C6, C7), or
// conflict with another copy (E2).

import type { Arrival, EventType } from '../events/event.ts'
import type { Rules } from './rules.ts'

interface LateRejection {
  readonly reason: 'too-late' | 'late'
  readonly detail: string
}

interface ReusedId {
  readonly reason: 'id-reused'
  readonly detail: string
}

export type RejectedArrival<A extends Arrival = Arrival> = (LateRejection | ReusedId) & { readonly arrival: A }

/** Why a copy is not applied although its event counts (E2). */
export function reusedId(type: EventType): ReusedId {
  return { reason: 'id-reused', detail: `eventId: the user has another ${type} with this id and other contents` }
}

/** Returns null for an event that is not too far behind its user's watermark. */
export function rejectionByAge(behindMs: number, { lateEvents, amendForMs }: Rules): LateRejection | null {
  if (lateEvents === 'divert' && behindMs > 0) return { reason: 'late', detail: "time: before its user's watermark" }
  if (behindMs <= amendForMs) return null
  return { reason: 'too-late', detail: "time: more than amendFor before its user's watermark" }
}

/** Why an arrival is rejected whose closed session cannot be opened again. */
export function reopeningRejection({ lateEvents }: Rules): LateRejection {
  if (lateEvents === 'divert') return { reason: 'late', detail: 'the result of its session is final' }
  return { reason: 'too-late', detail: 'its session is one of a chain of full sessions that is too long to open again' }
}

/** Why an arrival is rejected whose neighbours cannot be loaded. */
export function unloadableRejection({ lateEvents }: Rules): LateRejection {
  const reason = lateEvents === 'divert' ? 'late' : 'too-late'
  return { reason, detail: 'time: its user has too many closed sessions at this time' }
}
