// Reads the event that invokes the rollup.

export interface RollupRequest {
  readonly drain: boolean
}

/** Throws for an event that is neither a scheduled run nor a drain. */
export function readRollupRequest(event: unknown): RollupRequest {
  const { drain } = (event ?? {}) as { readonly drain?: unknown }
  if (typeof drain !== 'boolean') throw new Error('rollup expects {"drain": false} or {"drain": true}')
  return { drain }
}
