// Why something that was sent is refused (E3), and how the code that reads a field says so.

/** Why an event is rejected (E3) or, with `late`, diverted (C7). */
export type RejectReason = (typeof REJECT_REASONS)[number]

export const REJECT_REASONS = [
  'not-json',
  'not-an-event',
  'unknown-type',
  'missing-field',
  'invalid-field',
  'time-in-future',
  'too-late',
  'too-large',
  'late',
] as const

/** `detail` says which rule was broken; it never repeats a value, which may be personal. */
export interface Rejection {
  readonly ok: false
  readonly reason: RejectReason
  readonly detail: string
}

/** Of a JSON object, as it was sent. */
export type Fields = Readonly<Record<string, unknown>>

export class FieldError extends Error {
  readonly reason: RejectReason
  constructor(reason: RejectReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

export function rejection(reason: RejectReason, detail: string): Rejection {
  return { ok: false, reason, detail }
}

/** What was read, or the problem that a field of it has. */
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

/** A field that is null counts as absent: many producers write their missing values so. */
export function required(name: string, value: unknown): unknown {
  if (value === undefined || value === null) throw new FieldError('missing-field', `${name}: required`)
  return value
}
