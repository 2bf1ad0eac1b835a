// Starts a bundle in a process of its own, with a stub in place of AWS, and measures each
// invocation.

import type { Writes } from '../../functions/aws/runtime/environment.ts'
import {
  finalizeEnvironment,
  ingestEnvironment,
  type ResourceNames,
  rollupEnvironment,
  sweepEnvironment,
} from '../../infra/function-environment.ts'
import { LOCAL_ENVIRONMENT } from '../../local/emulators/clients.ts'
import { type FunctionProcess, startFunction } from '../../local/lambda/function-process.ts'
import { DEPLOYED } from '../bench-settings.ts'
import type { Bundle, InvocationUsage } from './bundles.ts'

/** On a busy machine, a sweep with a request for each write may take longer than on Lambda. */
const TIMEOUT_MS = 600_000
export const TABLES = { sessions: 'sessions', results: 'results' } as const
const NAMES: ResourceNames = {
  pipelineName: 'bench',
  stream: 'events',
  sessionsTable: TABLES.sessions,
  resultsTable: TABLES.results,
  deadLetterBucket: 'dead-letters',
}

export interface BundledFunction {
  invoke(event: unknown): Promise<InvocationUsage>
  stop: FunctionProcess['stop']
}

export function startBundle(
  bundle: Bundle,
  folder: string,
  endpoint: string,
  writes: Writes = 'batched',
): BundledFunction {
  const environment = { ...variables(), WRITES: writes, ...LOCAL_ENVIRONMENT, AWS_ENDPOINT_URL: endpoint }
  const spec = {
    name: bundle,
    memoryMb: 512,
    environment,
    timeoutMs: TIMEOUT_MS,
    assetFolder: bundle,
    statements: [],
  }
  const started = startFunction(spec, folder, {}, () => {})
  return { invoke: async (event) => (await started.invoke(event)) as InvocationUsage, stop: started.stop }
}

/** The environment variables of all functions in one. No record is given up, so none is too old. */
function variables(): Record<string, string> {
  return {
    ...ingestEnvironment(DEPLOYED, NAMES),
    ...sweepEnvironment(DEPLOYED, NAMES, 0),
    ...finalizeEnvironment(DEPLOYED, NAMES),
    ...rollupEnvironment(DEPLOYED, NAMES),
  }
}
