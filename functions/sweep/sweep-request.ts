// Reads the event that invokes the sweep.

import { isWorkShare } from '../domain/work-share.ts'
import type { SweepRequest } from './sweep.ts'

/** Throws for an event that is neither a scheduled sweep nor a drain. */
export function readSweepRequest(event: unknown): SweepRequest {
  const { drain, fromMs = 0, share } = (event ?? {}) as { readonly [name in keyof SweepRequest]?: unknown }
  const isRequest = typeof drain === 'boolean' && typeof fromMs === 'number' && Number.isFinite(fromMs)
  if (!isRequest || (share !== undefined && !isWorkShare(share)))
    throw new Error(
      'sweep expects {"drain": false} with or without a "share", or {"drain": true, "fromMs": ...} to go on with a drain',
    )
  return { drain, fromMs, ...(share !== undefined && { share }) }
}
