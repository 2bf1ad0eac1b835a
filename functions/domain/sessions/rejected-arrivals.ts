// Gives the reasons for rejecting arrivals that come too late for their sessions (C6, C7).

import type { Arrival } from '../events/event.ts'
import type { Rules } from './rules.ts'

interface LateRejection {
  readonly reason: 'too-late' | 'late'
  readonly detail: string
}

export interface RejectedArrival<A extends Arrival = Arrival> extends LateRejection {
  readonly arrival: A
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
