// Connects the steps to ports in memory, with the settings that the deployed functions would read.

import { NO_DIRTY_HOURS } from '../../functions/aws/results-table/dirty-hours.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import {
  readFinalizeEnvironment,
  readIngestEnvironment,
  readRollupEnvironment,
  readSweepEnvironment,
} from '../../functions/aws/runtime/environment.ts'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import { OPTIONAL_ROLLUP_VARIABLES } from '../../functions/contract.ts'
import { finalize } from '../../functions/finalize/finalize.ts'
import type { FinalizeReport } from '../../functions/finalize/finalize-report.ts'
import { type IngestReport, ingest } from '../../functions/ingest/ingest.ts'
import { rememberStates, stateMemory } from '../../functions/ingest/remember-states.ts'
import type { ArrivedRecord, ClosedChange } from '../../functions/ports.ts'
import { type RollupReport, rollup } from '../../functions/rollup/rollup.ts'
import { type SweepReport, type SweepRequest, sweep } from '../../functions/sweep/sweep.ts'
import {
  finalizeEnvironment,
  ingestEnvironment,
  type ResourceNames,
  rollupEnvironment,
  sweepEnvironment,
} from '../../infra/function-environment.ts'
import type { Settings } from '../../infra/settings.ts'
import { LOCAL_SECRET } from '../emulators/secret-endpoint.ts'
import type { StepPorts } from './memory-ports.ts'

export type StepName = 'ingest' | 'sweep' | 'finalize' | 'rollup'

/** Each throws what its step reports as failed. In memory no retry can help. */
export interface MemorySteps {
  /** Ingest may leave records for the next batch. Its `failed` names the first of them then. */
  ingest(records: readonly ArrivedRecord[]): Promise<IngestReport>
  sweep(request: SweepRequest): Promise<SweepReport>
  finalize(changes: readonly ClosedChange[]): Promise<FinalizeReport>
  rollup(): Promise<RollupReport>
}

/** No step in memory uses these names. */
const NAMES: ResourceNames = {
  pipelineName: 'memory',
  stream: 'memory',
  sessionsTable: 'memory',
  resultsTable: 'memory',
  deadLetterBucket: 'memory',
}

const hasTime = (): boolean => true

/** @param portsOf returns the ports of a step. */
export function memorySteps(
  settings: Settings,
  portsOf: (step: StepName) => StepPorts,
  now: () => number,
): MemorySteps {
  return {
    ingest: ingestStep(settings, portsOf('ingest'), now),
    sweep: sweepStep(settings, portsOf('sweep'), now),
    finalize: finalizeStep(settings, portsOf('finalize'), now),
    rollup: rollupStep(settings, portsOf('rollup'), now),
  }
}

function ingestStep(settings: Settings, ports: StepPorts, now: () => number): MemorySteps['ingest'] {
  const { rules } = readIngestEnvironment(ingestEnvironment(settings, NAMES))
  const { timers, deadLetters } = ports
  const ingestPorts = {
    ...rememberStates(ports, stateMemory(), rules, now),
    timers,
    deadLetters,
    digest: sha256,
    unpack: unpackRecord,
    hasTime,
  }
  const loadPseudonym = memoryPseudonym(settings)
  return async (records) => {
    const report = await ingest(records, { ...ingestPorts, pseudonym: await loadPseudonym() }, rules, now())
    if (report.failed !== null && report.failed.cause !== null) throw report.failed.cause
    return report
  }
}

/** Uses the key of local runs where the setting names a secret, and then only loads the SDK. */
function memoryPseudonym({ pseudonymKeyArn }: Settings): () => Promise<(user: string) => string> {
  if (pseudonymKeyArn === null) return async () => (user) => user
  return async () => (await import('../../functions/aws/runtime/pseudonym.ts')).keyedPseudonym(LOCAL_SECRET)
}

function sweepStep(settings: Settings, ports: StepPorts, now: () => number): MemorySteps['sweep'] {
  // Nothing is given up in memory, where no record is delivered twice.
  const environment = readSweepEnvironment(sweepEnvironment(settings, NAMES, 0))
  const { sessions, timers } = ports
  const horizon = { readUpTo: async (nowMs: number) => nowMs }
  return async (request) => {
    const report = await sweep(request, { sessions, timers, horizon, hasTime }, environment, now())
    if (report.failed !== null) throw report.failed.cause
    return report
  }
}

function finalizeStep(settings: Settings, ports: StepPorts, now: () => number): MemorySteps['finalize'] {
  const environment = readFinalizeEnvironment(finalizeEnvironment(settings, NAMES))
  const { sessions, results } = ports
  const dirtyHours = environment.rollups === 'on' ? ports.dirtyHours : NO_DIRTY_HOURS
  return async (changes) => {
    const report = await finalize(
      changes,
      { sessions, results, dirtyHours, digest: sha256, hasTime },
      environment,
      now(),
    )
    if (report.failed !== null) throw report.failed.cause
    return report
  }
}

function rollupStep(settings: Settings, ports: StepPorts, now: () => number): MemorySteps['rollup'] {
  const variables = { ...rollupEnvironment(settings, NAMES), [OPTIONAL_ROLLUP_VARIABLES.indexLagMs]: '0' }
  const environment = readRollupEnvironment(variables)
  const { dirtyHours, rollups } = ports
  return async () => {
    const report = await rollup({ drain: true }, { dirtyHours, rollups, digest: sha256, hasTime }, environment, now())
    if (report.failed !== null) throw report.failed.cause
    return report
  }
}
