// Divides work that a schedule gives to several invocations at once.

/** Every piece of the work is in the share of exactly one invocation. */
export interface WorkShare {
  /** The invocation's number, from 0. */
  readonly number: number
  /** How many invocations share the work. */
  readonly of: number
}

export function isWorkShare(value: unknown): value is WorkShare {
  const { number, of } = (value ?? {}) as { readonly [name in keyof WorkShare]?: unknown }
  const isCount = (count: unknown): count is number => Number.isInteger(count)
  return isCount(number) && isCount(of) && number >= 0 && number < of
}

export const ALL_WORK: WorkShare = { number: 0, of: 1 }

/** Pieces of work that follow each other by number are in different shares. */
export function isInShare(piece: number, { number, of }: WorkShare): boolean {
  return Math.abs(piece % of) === number
}
