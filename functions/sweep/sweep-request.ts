// Reads the event that invokes the sweep.

import { SWEEPERS_MAX } from '../contract.ts'
import type { SweeperShare } from '../ports.ts'
import type { SweepRequest } from './sweep.ts'

/** Throws for an event that is neither a scheduled sweep nor a drain. */
export function readSweepRequest(event: unknown): SweepRequest {
  const { drain, fromMs = 0, share } = (event ?? {}) as { readonly [name in keyof SweepRequest]?: unknown }
  const isRequest = typeof drain === 'boolean' && typeof fromMs === 'number' && Number.isFinite(fromMs)
  if (!isRequest || (share !== undefined && !isShare(share)))
    throw new Error(
      'sweep expects {"drain": false} with or without a "share", or {"drain": true, "fromMs": ...} to go on with a drain',
    )
  return { drain, fromMs, ...(share !== undefined && { share }) }
}

function isShare(value: unknown): value is SweeperShare {
  const { number, of } = (value ?? {}) as { readonly [name in keyof SweeperShare]?: unknown }
  const isCount = (count: unknown): count is number => Number.isInteger(count)
  return isCount(number) && isCount(of) && number >= 0 && number < of && of <= SWEEPERS_MAX
}
