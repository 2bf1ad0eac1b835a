// Reads the event that invokes the rollup.

import { isWorkShare, type WorkShare } from '../domain/work-share.ts'

export interface RollupRequest {
  readonly drain: boolean
  /** The dirty hours and days that this run handles; absent for all. */
  readonly share?: WorkShare
}

/** Throws for an event that is neither a scheduled run nor a drain. */
export function readRollupRequest(event: unknown): RollupRequest {
  const { drain, share } = (event ?? {}) as { readonly [name in keyof RollupRequest]?: unknown }
  if (typeof drain !== 'boolean' || (share !== undefined && !isWorkShare(share)))
    throw new Error('rollup expects {"drain": false} with or without a "share", or {"drain": true}')
  return { drain, ...(share !== undefined && { share }) }
}
