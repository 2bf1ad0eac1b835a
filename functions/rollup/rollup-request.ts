// Reads the event that invokes the rollup.

/** The part of the dirty hours and days that one of several runs handles, counted from 0. */
export interface RollupShare {
  readonly number: number
  readonly of: number
}

export interface RollupRequest {
  readonly drain: boolean
  /** Absent where one run handles all. */
  readonly share?: RollupShare
}

/** Throws for an event that is neither a scheduled run nor a drain. */
export function readRollupRequest(event: unknown): RollupRequest {
  const { drain, share } = (event ?? {}) as { readonly [name in keyof RollupRequest]?: unknown }
  if (typeof drain !== 'boolean' || (share !== undefined && !isShare(share)))
    throw new Error('rollup expects {"drain": false} with or without a "share", or {"drain": true}')
  return { drain, ...(share !== undefined && { share }) }
}

function isShare(value: unknown): value is RollupShare {
  const { number, of } = (value ?? {}) as { readonly [name in keyof RollupShare]?: unknown }
  const isCount = (count: unknown): count is number => Number.isInteger(count)
  return isCount(number) && isCount(of) && number >= 0 && number < of
}
