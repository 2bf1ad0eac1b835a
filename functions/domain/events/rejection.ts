// Names the reasons for rejecting an event, and makes a rejection of a reader's error (E3).

/** Why an event is rejected (E3) or, with `late`, diverted (C7). */
export type RejectReason = (typeof REJECT_REASONS)[number]

export const REJECT_REASONS = [
  'not-json',
  'not-an-event',
  'unknown-type',
  'missing-field',
  'invalid-field',
  'time-in-future',
  'time-implausible',
  'too-late',
  'id-reused',
  'too-large',
  'late',
] as const

export interface Rejection {
  readonly ok: false
  readonly reason: RejectReason
  /** Names the field and what it should hold. Never repeats a value, which may be personal. */
  readonly detail: string
}

/** The fields of a JSON object, as a producer sent it. */
export type Fields = Readonly<Record<string, unknown>>

/** Thrown where a field cannot be read. `orRejection` turns it into a rejection. */
export class FieldError extends Error {
  readonly reason: RejectReason
  constructor(reason: RejectReason, detail: string) {
    super(detail)
    this.name = 'FieldError'
    this.reason = reason
  }
}

export function rejection(reason: RejectReason, detail: string): Rejection {
  return { ok: false, reason, detail }
}

/** Returns what `read` returns, or a rejection for the FieldError that it throws. */
export function orRejection<T>(read: () => T): T | Rejection {
  try {
    return read()
  } catch (error) {
    if (error instanceof FieldError) return rejection(error.reason, error.message)
    throw error
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Takes null for absent (E1): many producers write a missing value so. Throws FieldError. */
export function required(name: string, value: unknown): unknown {
  if (value === undefined || value === null) throw new FieldError('missing-field', `${name}: required`)
  return value
}
