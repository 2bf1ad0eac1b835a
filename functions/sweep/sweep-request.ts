// Reads the event that invokes the sweep.

import type { SweepRequest } from './sweep.ts'

/** Throws for an event that is neither a scheduled sweep nor a drain. */
export function readSweepRequest(event: unknown): SweepRequest {
  const { drain, fromMs = 0 } = (event ?? {}) as { readonly drain?: unknown; readonly fromMs?: unknown }
  const isRequest = typeof drain === 'boolean' && typeof fromMs === 'number' && Number.isFinite(fromMs)
  if (!isRequest)
    throw new Error('sweep expects {"drain": false}, or {"drain": true, "fromMs": ...} to go on with a drain')
  return { drain, fromMs }
}
