// Reads a function's settings from environment variables, and fails with the name of a bad one.

import {
  FINALIZE_VARIABLES,
  INGEST_VARIABLES,
  OPTIONAL_CLIENT_VARIABLES,
  OPTIONAL_INGEST_VARIABLES,
  OPTIONAL_ROLLUP_VARIABLES,
  OPTIONAL_SEGMENT_VARIABLES,
  ROLLUP_VARIABLES,
  RULE_VARIABLES,
  SWEEP_VARIABLES,
} from '../../contract.ts'
import { UBI_ORDINALS_PATTERN } from '../../domain/events/ubi-ordinals.ts'
import { SEGMENTS_PATTERN, segmentNames } from '../../domain/results/segment-names.ts'
import type { LateEvents, Rules } from '../../domain/sessions/rules.ts'

/**
 * How a function sends its conditional writes: those that are under way together in one request, or
 * each in a request of its own.
 */
export type Writes = 'batched' | 'single'

/** Whether rows are indexed by hour, and a schedule sums them. */
export type Rollups = 'on' | 'off'

type Variables = Readonly<Record<string, string | undefined>>

/** Has a value for each of a function's variables; its rules stand for the rule variables. */
type ReadAll<T> = Readonly<Record<Exclude<keyof T, keyof Rules>, unknown>> & Readonly<Record<string, unknown>>

function text(variables: Variables, name: string): string {
  const value = variables[name]
  if (value === undefined || value === '') throw new Error(`environment variable ${name}: missing`)
  return value
}

function wholeNumber(variables: Variables, name: string): number {
  const sent = text(variables, name)
  const value = sent.trim() === sent ? Number(sent) : Number.NaN
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Error(`environment variable ${name}: '${variables[name]}' is not a whole number of 0 or more`)
  }
  return value
}

function choice<T extends string>(variables: Variables, name: string, [first, second]: readonly [T, T]): T {
  const value = text(variables, name)
  if (value === first || value === second) return value as T
  throw new Error(`environment variable ${name}: '${value}' is neither ${first} nor ${second}`)
}

const LATE_EVENTS: readonly [LateEvents, LateEvents] = ['amend', 'divert']
const WRITES: readonly [Writes, Writes] = ['batched', 'single']
const ROLLUPS: readonly [Rollups, Rollups] = ['on', 'off']

function ordinalsFrom(variables: Variables, name: string): string {
  const value = text(variables, name)
  if (UBI_ORDINALS_PATTERN.test(value)) return value
  throw new Error(`environment variable ${name}: '${value}' is neither 0, 1 nor a list such as shop=0,blog=1`)
}

/** Returns none where the variable is absent. */
function segments(variables: Variables): readonly string[] {
  const name = OPTIONAL_SEGMENT_VARIABLES.segments
  const value = variables[name]
  if (value === undefined) return []
  if (SEGMENTS_PATTERN.test(value)) return segmentNames(value)
  throw new Error(`environment variable ${name}: '${value}' is no list of up to 3 labels, such as application,variant`)
}

function readRules(variables: Variables): Rules {
  return {
    gapMs: wholeNumber(variables, RULE_VARIABLES.gapMs),
    latenessMs: wholeNumber(variables, RULE_VARIABLES.latenessMs),
    amendForMs: wholeNumber(variables, RULE_VARIABLES.amendForMs),
    lateEvents: choice(variables, RULE_VARIABLES.lateEvents, LATE_EVENTS),
    maxClockSkewMs: wholeNumber(variables, RULE_VARIABLES.maxClockSkewMs),
    minEventTimeMs: wholeNumber(variables, RULE_VARIABLES.minEventTimeMs),
    ubiOrdinalsFrom: ordinalsFrom(variables, RULE_VARIABLES.ubiOrdinalsFrom),
    maxSessionEvents: wholeNumber(variables, RULE_VARIABLES.maxSessionEvents),
    maxSessionDurationMs: wholeNumber(variables, RULE_VARIABLES.maxSessionDurationMs),
    resultRetentionMs: wholeNumber(variables, RULE_VARIABLES.resultRetentionMs),
  } satisfies Record<keyof typeof RULE_VARIABLES, unknown>
}

export function readIngestEnvironment(variables: Variables) {
  return {
    rules: readRules(variables),
    pipelineName: text(variables, INGEST_VARIABLES.pipelineName),
    sessionsTable: text(variables, INGEST_VARIABLES.sessionsTable),
    deadLetterBucket: text(variables, INGEST_VARIABLES.deadLetterBucket),
    writes: choice(variables, INGEST_VARIABLES.writes, WRITES),
    pseudonymKeySecret: variables[OPTIONAL_INGEST_VARIABLES.pseudonymKeySecret] || null,
  } satisfies ReadAll<typeof INGEST_VARIABLES & typeof OPTIONAL_INGEST_VARIABLES>
}

export function readSweepEnvironment(variables: Variables) {
  return {
    rules: readRules(variables),
    pipelineName: text(variables, SWEEP_VARIABLES.pipelineName),
    sessionsTable: text(variables, SWEEP_VARIABLES.sessionsTable),
    stream: text(variables, SWEEP_VARIABLES.stream),
    sweepEveryMs: wholeNumber(variables, SWEEP_VARIABLES.sweepEveryMs),
    givenUpAfterMs: wholeNumber(variables, SWEEP_VARIABLES.givenUpAfterMs),
    writes: choice(variables, SWEEP_VARIABLES.writes, WRITES),
  } satisfies ReadAll<typeof SWEEP_VARIABLES>
}

export function readFinalizeEnvironment(variables: Variables) {
  return {
    pipelineName: text(variables, FINALIZE_VARIABLES.pipelineName),
    sessionsTable: text(variables, FINALIZE_VARIABLES.sessionsTable),
    resultsTable: text(variables, FINALIZE_VARIABLES.resultsTable),
    deadLetterBucket: text(variables, FINALIZE_VARIABLES.deadLetterBucket),
    resultRetentionMs: wholeNumber(variables, FINALIZE_VARIABLES.resultRetentionMs),
    satisfiedDwellMs: wholeNumber(variables, FINALIZE_VARIABLES.satisfiedDwellMs),
    reformulatedWithinMs: wholeNumber(variables, FINALIZE_VARIABLES.reformulatedWithinMs),
    writes: choice(variables, FINALIZE_VARIABLES.writes, WRITES),
    rollups: choice(variables, FINALIZE_VARIABLES.rollups, ROLLUPS),
    segments: segments(variables),
  } satisfies ReadAll<typeof FINALIZE_VARIABLES & typeof OPTIONAL_SEGMENT_VARIABLES>
}

export function readRollupEnvironment(variables: Variables) {
  const { indexLagMs } = OPTIONAL_ROLLUP_VARIABLES
  return {
    pipelineName: text(variables, ROLLUP_VARIABLES.pipelineName),
    resultsTable: text(variables, ROLLUP_VARIABLES.resultsTable),
    rollupRetentionMs: wholeNumber(variables, ROLLUP_VARIABLES.rollupRetentionMs),
    rankEveryMs: wholeNumber(variables, ROLLUP_VARIABLES.rankEveryMs),
    segmentValuesMax: wholeNumber(variables, ROLLUP_VARIABLES.segmentValuesMax),
    indexLagMs: variables[indexLagMs] === undefined ? undefined : wholeNumber(variables, indexLagMs),
    segments: segments(variables),
  } satisfies ReadAll<typeof ROLLUP_VARIABLES & typeof OPTIONAL_ROLLUP_VARIABLES & typeof OPTIONAL_SEGMENT_VARIABLES>
}

/** Returns how long a client waits for an answer, or undefined where the client decides. */
export function readAnswerMs(variables: Variables): number | undefined {
  const { answerMs } = OPTIONAL_CLIENT_VARIABLES
  return variables[answerMs] === undefined ? undefined : wholeNumber(variables, answerMs)
}
