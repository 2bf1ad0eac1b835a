// Turns a pipeline's settings into what its functions get: environment variables, and batches.

import {
  type Environment,
  FINALIZE_VARIABLES,
  INGEST_VARIABLES,
  OPTIONAL_SEGMENT_VARIABLES,
  ROLLUP_VARIABLES,
  RULE_VARIABLES,
  SWEEP_VARIABLES,
} from '../functions/contract.ts'
import { rulesOf } from './read-settings.ts'
import type { PipelineSettings } from './settings.ts'

/** Lambda passes at most so many changes of closed sessions to one invocation of finalize. */
export const FINALIZE_BATCH_SIZE = 100

/** The names of the pipeline's resources. A function gets those that it uses. */
export interface ResourceNames {
  readonly pipelineName: string
  readonly stream: string
  readonly sessionsTable: string
  readonly resultsTable: string
  readonly deadLetterBucket: string
}

type Names<T extends keyof ResourceNames> = Pick<ResourceNames, T | 'pipelineName'>

function ruleEnvironment(settings: PipelineSettings): Environment<typeof RULE_VARIABLES> {
  const rules = rulesOf(settings)
  const names = Object.keys(RULE_VARIABLES) as (keyof typeof RULE_VARIABLES)[]
  return Object.fromEntries(names.map((name) => [RULE_VARIABLES[name], String(rules[name])])) as Environment<
    typeof RULE_VARIABLES
  >
}

export function ingestEnvironment(
  settings: PipelineSettings,
  { pipelineName, sessionsTable, deadLetterBucket }: Names<'sessionsTable' | 'deadLetterBucket'>,
): Environment<typeof INGEST_VARIABLES> {
  return {
    ...ruleEnvironment(settings),
    [INGEST_VARIABLES.pipelineName]: pipelineName,
    [INGEST_VARIABLES.sessionsTable]: sessionsTable,
    [INGEST_VARIABLES.deadLetterBucket]: deadLetterBucket,
    [INGEST_VARIABLES.writes]: settings.writes,
  }
}

/** @param givenUpAfterMs the age of a record that Lambda will not deliver again. */
export function sweepEnvironment(
  settings: PipelineSettings,
  { pipelineName, sessionsTable, stream }: Names<'sessionsTable' | 'stream'>,
  givenUpAfterMs: number,
): Environment<typeof SWEEP_VARIABLES> {
  return {
    ...ruleEnvironment(settings),
    [SWEEP_VARIABLES.pipelineName]: pipelineName,
    [SWEEP_VARIABLES.sessionsTable]: sessionsTable,
    [SWEEP_VARIABLES.stream]: stream,
    [SWEEP_VARIABLES.sweepEveryMs]: String(settings.sweepEvery),
    [SWEEP_VARIABLES.givenUpAfterMs]: String(givenUpAfterMs),
    [SWEEP_VARIABLES.writes]: settings.writes,
  }
}

type SegmentEnvironment = Partial<Environment<typeof OPTIONAL_SEGMENT_VARIABLES>>

/** Lambda would keep an empty text, but no variable of a function is empty. */
function segmentEnvironment({ segments }: PipelineSettings): SegmentEnvironment {
  return segments === null ? {} : { [OPTIONAL_SEGMENT_VARIABLES.segments]: segments }
}

export function finalizeEnvironment(
  settings: PipelineSettings,
  names: Names<'sessionsTable' | 'resultsTable' | 'deadLetterBucket'>,
): Environment<typeof FINALIZE_VARIABLES> & SegmentEnvironment {
  return {
    [FINALIZE_VARIABLES.pipelineName]: names.pipelineName,
    [FINALIZE_VARIABLES.sessionsTable]: names.sessionsTable,
    [FINALIZE_VARIABLES.resultsTable]: names.resultsTable,
    [FINALIZE_VARIABLES.deadLetterBucket]: names.deadLetterBucket,
    [FINALIZE_VARIABLES.resultRetentionMs]: String(settings.resultRetention),
    [FINALIZE_VARIABLES.satisfiedDwellMs]: String(settings.satisfiedDwell),
    [FINALIZE_VARIABLES.reformulatedWithinMs]: String(settings.reformulatedWithin),
    [FINALIZE_VARIABLES.writes]: settings.writes,
    [FINALIZE_VARIABLES.rollups]: settings.rollups,
    ...segmentEnvironment(settings),
  }
}

export function rollupEnvironment(
  settings: PipelineSettings,
  { pipelineName, resultsTable }: Names<'resultsTable'>,
): Environment<typeof ROLLUP_VARIABLES> & SegmentEnvironment {
  return {
    [ROLLUP_VARIABLES.pipelineName]: pipelineName,
    [ROLLUP_VARIABLES.resultsTable]: resultsTable,
    [ROLLUP_VARIABLES.rollupRetentionMs]: String(settings.rollupRetention),
    [ROLLUP_VARIABLES.rankEveryMs]: String(settings.rankEvery),
    [ROLLUP_VARIABLES.segmentValuesMax]: String(settings.segmentValuesMax),
    ...segmentEnvironment(settings),
  }
}
