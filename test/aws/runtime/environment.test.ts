// Tests how the functions read their settings from environment variables.

import { describe, expect, it } from 'vitest'
import {
  readFinalizeEnvironment,
  readIngestEnvironment,
  readRollupEnvironment,
  readSweepEnvironment,
} from '../../../functions/aws/runtime/environment.ts'
import { FINALIZE_VARIABLES, INGEST_VARIABLES, SWEEP_VARIABLES } from '../../../functions/contract.ts'

const RULES = {
  GAP_MS: '1800000',
  LATENESS_MS: '60000',
  AMEND_FOR_MS: '604800000',
  LATE_EVENTS: 'amend',
  MAX_CLOCK_SKEW_MS: '0',
  MIN_EVENT_TIME_MS: '946684800000',
  UBI_ORDINALS_FROM: 'shop=0,blog=1',
  MAX_SESSION_EVENTS: '1000',
  MAX_SESSION_DURATION_MS: '43200000',
  RESULT_RETENTION_MS: '31536000000',
}
const READ_RULES = {
  gapMs: 1_800_000,
  latenessMs: 60_000,
  amendForMs: 604_800_000,
  lateEvents: 'amend',
  maxClockSkewMs: 0,
  minEventTimeMs: 946_684_800_000,
  ubiOrdinalsFrom: 'shop=0,blog=1',
  maxSessionEvents: 1000,
  maxSessionDurationMs: 43_200_000,
  resultRetentionMs: 31_536_000_000,
}
const INGEST = {
  ...RULES,
  PIPELINE_NAME: 'clicks',
  SESSIONS_TABLE: 'sessions',
  DEAD_LETTER_BUCKET: 'refused',
  WRITES: 'batched',
}
const SWEEP = {
  ...RULES,
  PIPELINE_NAME: 'clicks',
  SESSIONS_TABLE: 'sessions',
  STREAM_NAME: 'events',
  SWEEP_EVERY_MS: '60000',
  GIVEN_UP_AFTER_MS: '72900000',
  WRITES: 'single',
}
const FINALIZE = {
  PIPELINE_NAME: 'clicks',
  SESSIONS_TABLE: 'sessions',
  RESULTS_TABLE: 'results',
  DEAD_LETTER_BUCKET: 'refused',
  RESULT_RETENTION_MS: '31536000000',
  SATISFIED_DWELL_MS: '30000',
  REFORMULATED_WITHIN_MS: '120000',
  WRITES: 'batched',
  ROLLUPS: 'off',
}

const ROLLUP = { ROLLUP_RETENTION_MS: '95040000000', RANK_EVERY_MS: '3600000', SEGMENT_VALUES_MAX: '50' }

type Variables = Readonly<Record<string, string | undefined>>
type Read = (variables: Variables) => unknown

const FUNCTIONS: readonly [string, Read, Variables, readonly string[]][] = [
  ['ingest', readIngestEnvironment, INGEST, Object.values(INGEST_VARIABLES)],
  ['sweep', readSweepEnvironment, SWEEP, Object.values(SWEEP_VARIABLES)],
  ['finalize', readFinalizeEnvironment, FINALIZE, Object.values(FINALIZE_VARIABLES)],
]

describe('the environment', () => {
  it('gives ingest its settings', () => {
    expect(readIngestEnvironment(INGEST)).toEqual({
      rules: READ_RULES,
      pipelineName: 'clicks',
      sessionsTable: 'sessions',
      deadLetterBucket: 'refused',
      writes: 'batched',
      pseudonymKeySecret: null,
    })
  })

  it('may name the secret with the key of pseudonyms; an empty name counts as none', () => {
    const named = (secret: string) =>
      readIngestEnvironment({ ...INGEST, PSEUDONYM_KEY_SECRET: secret }).pseudonymKeySecret
    expect(named('search-session-ctr/users')).toBe('search-session-ctr/users')
    expect(named('')).toBeNull()
  })

  it('gives sweep its settings', () => {
    expect(readSweepEnvironment({ ...SWEEP, LATE_EVENTS: 'divert' })).toEqual({
      rules: { ...READ_RULES, lateEvents: 'divert' },
      pipelineName: 'clicks',
      sessionsTable: 'sessions',
      stream: 'events',
      sweepEveryMs: 60_000,
      givenUpAfterMs: 72_900_000,
      writes: 'single',
    })
  })

  it('gives finalize its settings', () => {
    expect(readFinalizeEnvironment(FINALIZE)).toEqual({
      pipelineName: 'clicks',
      sessionsTable: 'sessions',
      resultsTable: 'results',
      deadLetterBucket: 'refused',
      resultRetentionMs: 31_536_000_000,
      satisfiedDwellMs: 30_000,
      reformulatedWithinMs: 120_000,
      writes: 'batched',
      rollups: 'off',
      segments: [],
    })
  })

  it('names the segments of finalize and rollup, which have none without the variable', () => {
    for (const read of [readFinalizeEnvironment, readRollupEnvironment]) {
      const segmentsOf = (own: Variables) => read({ ...FINALIZE, ...ROLLUP, ...own }).segments
      expect(segmentsOf({})).toEqual([])
      expect(segmentsOf({ SEGMENTS: 'application' })).toEqual(['application'])
      expect(segmentsOf({ SEGMENTS: 'application,variant' })).toEqual(['application', 'variant'])
      for (const bad of ['', 'a,a', 'Shop'])
        expect(() => segmentsOf({ SEGMENTS: bad })).toThrow(`environment variable SEGMENTS: '${bad}'`)
    }
  })

  it.each(FUNCTIONS)(
    'gives %s all of its settings by the variables that the infrastructure sets',
    (_, read, variables, names) => {
      expect(Object.keys(variables).sort()).toEqual([...names].sort())
      expect(read({ ...variables, UNRELATED: 'x' })).toEqual(read(variables))
    },
  )

  it.each(FUNCTIONS)(
    'fails for %s with the name of a variable that is missing or empty',
    (_, read, variables, names) => {
      for (const name of names) {
        const message = `environment variable ${name}: missing`
        expect(() => read({ ...variables, [name]: undefined })).toThrow(message)
        expect(() => read({ ...variables, [name]: '' })).toThrow(message)
      }
    },
  )

  it.each(['abc', '-1', '1.5', '60s', '1,000', 'NaN', 'Infinity', '9007199254740993', ' '])(
    'fails with the name of a variable whose number is %j',
    (bad) => {
      for (const [, read, variables, names] of FUNCTIONS) {
        for (const name of names.filter((name) => name.endsWith('_MS') || name === 'MAX_SESSION_EVENTS')) {
          expect(() => read({ ...variables, [name]: bad }), name).toThrow(`environment variable ${name}: `)
        }
      }
    },
  )

  it.each(['', 'Amend', 'drop', 'amend '])(
    'fails with the name of the variable when the way with late events is %j',
    (bad) => {
      expect(() => readIngestEnvironment({ ...INGEST, LATE_EVENTS: bad })).toThrow('environment variable LATE_EVENTS')
      expect(() => readSweepEnvironment({ ...SWEEP, LATE_EVENTS: bad })).toThrow('environment variable LATE_EVENTS')
    },
  )

  it.each(['', '2', 'shop', 'shop=2', 'shop=0,'])('fails with the name of the variable of ordinals %j', (bad) => {
    const message = 'environment variable UBI_ORDINALS_FROM'
    expect(() => readIngestEnvironment({ ...INGEST, UBI_ORDINALS_FROM: bad })).toThrow(message)
  })

  it.each(['', 'Batched', 'both'])('fails with the name of the variable when the way to write is %j', (bad) => {
    for (const [, read, variables] of FUNCTIONS)
      expect(() => read({ ...variables, WRITES: bad })).toThrow('environment variable WRITES')
  })
})
