// Starts a bundle in a process of its own, with a stub in place of AWS, and measures each
// invocation.

import type { Writes } from '../../functions/aws/runtime/environment.ts'
import { LOCAL_ENVIRONMENT } from '../../local/emulators/clients.ts'
import { type FunctionProcess, startFunction } from '../../local/lambda/function-process.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import type { Bundle, InvocationUsage } from './bundles.ts'

/** On a busy machine, a sweep with a request for each write may take longer than on Lambda. */
const TIMEOUT_MS = 600_000
export const TABLES = { sessions: 'sessions', results: 'results' } as const

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

/** The environment variables that the steps read, all in one. */
function variables(): Record<string, string> {
  const { rules, success, sweepEveryMs, resultRetentionMs } = BENCH_SETTINGS
  return {
    GAP_MS: String(rules.gapMs),
    LATENESS_MS: String(rules.latenessMs),
    AMEND_FOR_MS: String(rules.amendForMs),
    LATE_EVENTS: rules.lateEvents,
    MAX_CLOCK_SKEW_MS: String(rules.maxClockSkewMs),
    MIN_EVENT_TIME_MS: String(rules.minEventTimeMs),
    UBI_ORDINALS_FROM: rules.ubiOrdinalsFrom,
    MAX_SESSION_EVENTS: String(rules.maxSessionEvents),
    MAX_SESSION_DURATION_MS: String(rules.maxSessionDurationMs),
    PIPELINE_NAME: 'bench',
    SESSIONS_TABLE: TABLES.sessions,
    RESULTS_TABLE: TABLES.results,
    DEAD_LETTER_BUCKET: 'dead-letters',
    STREAM_NAME: 'events',
    SWEEP_EVERY_MS: String(sweepEveryMs),
    GIVEN_UP_AFTER_MS: '0',
    SATISFIED_DWELL_MS: String(success.satisfiedDwellMs),
    REFORMULATED_WITHIN_MS: String(success.reformulatedWithinMs),
    RESULT_RETENTION_MS: String(resultRetentionMs),
    ROLLUP_RETENTION_MS: String(resultRetentionMs),
    ROLLUPS: 'on',
    RANK_EVERY_MS: String(60 * 60 * 1000),
  }
}
