// Pins the names of the contract: deployed stacks, stored items and dashboards depend on them.

import { expect, it } from 'vitest'
import * as contract from '../functions/contract.ts'

it('keeps the names of environment variables', () => {
  const rules = {
    gapMs: 'GAP_MS',
    latenessMs: 'LATENESS_MS',
    amendForMs: 'AMEND_FOR_MS',
    lateEvents: 'LATE_EVENTS',
    maxClockSkewMs: 'MAX_CLOCK_SKEW_MS',
    minEventTimeMs: 'MIN_EVENT_TIME_MS',
    ubiOrdinalsFrom: 'UBI_ORDINALS_FROM',
    maxSessionEvents: 'MAX_SESSION_EVENTS',
    maxSessionDurationMs: 'MAX_SESSION_DURATION_MS',
    resultRetentionMs: 'RESULT_RETENTION_MS',
  }
  const { INGEST_VARIABLES, OPTIONAL_INGEST_VARIABLES, SWEEP_VARIABLES, FINALIZE_VARIABLES, ROLLUP_VARIABLES } =
    contract
  expect(contract.RULE_VARIABLES).toEqual(rules)
  expect(INGEST_VARIABLES).toEqual({
    ...rules,
    pipelineName: 'PIPELINE_NAME',
    sessionsTable: 'SESSIONS_TABLE',
    deadLetterBucket: 'DEAD_LETTER_BUCKET',
    writes: 'WRITES',
  })
  expect(OPTIONAL_INGEST_VARIABLES).toEqual({ pseudonymKeySecret: 'PSEUDONYM_KEY_SECRET' })
  expect(contract.OPTIONAL_ROLLUP_VARIABLES).toEqual({ indexLagMs: 'INDEX_LAG_MS' })
  expect(contract.OPTIONAL_SEGMENT_VARIABLES).toEqual({ segments: 'SEGMENTS' })
  expect(contract.OPTIONAL_CLIENT_VARIABLES).toEqual({ answerMs: 'ANSWER_MS' })
  expect(SWEEP_VARIABLES).toEqual({
    ...rules,
    pipelineName: 'PIPELINE_NAME',
    sessionsTable: 'SESSIONS_TABLE',
    stream: 'STREAM_NAME',
    sweepEveryMs: 'SWEEP_EVERY_MS',
    givenUpAfterMs: 'GIVEN_UP_AFTER_MS',
    writes: 'WRITES',
  })
  expect(FINALIZE_VARIABLES).toEqual({
    pipelineName: 'PIPELINE_NAME',
    sessionsTable: 'SESSIONS_TABLE',
    resultsTable: 'RESULTS_TABLE',
    deadLetterBucket: 'DEAD_LETTER_BUCKET',
    resultRetentionMs: 'RESULT_RETENTION_MS',
    satisfiedDwellMs: 'SATISFIED_DWELL_MS',
    reformulatedWithinMs: 'REFORMULATED_WITHIN_MS',
    writes: 'WRITES',
    rollups: 'ROLLUPS',
  })
  expect(ROLLUP_VARIABLES).toEqual({
    pipelineName: 'PIPELINE_NAME',
    resultsTable: 'RESULTS_TABLE',
    rollupRetentionMs: 'ROLLUP_RETENTION_MS',
    rankEveryMs: 'RANK_EVERY_MS',
    segmentValuesMax: 'SEGMENT_VALUES_MAX',
  })
})

it('keeps the names of keys, kinds, partitions and prefixes', () => {
  const { PARTITION_KEY, SORT_KEY, EXPIRES_AT, KIND } = contract
  expect([PARTITION_KEY, SORT_KEY, EXPIRES_AT, KIND]).toEqual(['pk', 'sk', 'expires_at', 'kind'])
  const { CLOSED, TOMBSTONE, BLOCK, TIMERS, REMOVED } = contract
  const kinds = ['closed', 'tombstone', 'block', 'timers', 'removed']
  expect([CLOSED, TOMBSTONE, BLOCK, TIMERS, REMOVED]).toEqual(kinds)
  const { DIRTY_PARTITION, TIMER_PAGES, PROGRESS_KEY } = contract
  expect([DIRTY_PARTITION, TIMER_PAGES, PROGRESS_KEY]).toEqual(['dirty_hours', 'timer_pages', 'progress'])
  expect([contract.REJECTED_PREFIX, contract.FAILED_PREFIX]).toEqual(['rejected/', 'aws/lambda/'])
  expect(contract.UNREADABLE_PREFIX).toBe('aws/lambda/unreadable/')
})

it('keeps the hour index, which DynamoDB cannot change in place', () => {
  expect(contract.HOUR_INDEX).toEqual({
    name: 'by_hour',
    partitionKey: 'hour_slice',
    sortKey: 'slice_key',
    attributes: [
      'kind',
      'session_id',
      'query',
      'clicks',
      'result_count',
      'clicked_positions',
      'time_to_first_click_ms',
      'satisfaction',
      'reformulated',
      'labels',
      'searches_with_click',
      'orphan_clicks',
      'orphan_clicks_search_elsewhere',
      'orphan_clicks_no_search',
      'duration_ms',
      'searches_to_success',
      'time_to_success_ms',
      'expires_at',
    ],
  })
  expect(contract.HOUR_INDEX.attributes.length, 'DynamoDB allows 20').toBeLessThanOrEqual(20)
})

it('keeps the names and units of metrics', () => {
  expect([contract.METRIC_NAMESPACE, contract.METRIC_DIMENSION]).toEqual(['SearchSessionCtr', 'pipeline'])
  expect(contract.METRIC_UNITS).toEqual({
    Accepted: 'Count',
    Duplicates: 'Count',
    Rejected: 'Count',
    TimeImplausible: 'Count',
    IdReused: 'Count',
    NearMisses: 'Count',
    Late: 'Count',
    Conflicts: 'Count',
    IngestFailures: 'Count',
    HorizonLag: 'Milliseconds',
    Closings: 'Count',
    SweepsUnfinished: 'Count',
    SweepFailures: 'Count',
    UsersOpen: 'None',
    SessionsClosed: 'Count',
    ClosedByGap: 'Count',
    ClosedByAppClose: 'Count',
    ClosedByTimeout: 'Count',
    ClosedByLimit: 'Count',
    ClosedByDrain: 'Count',
    SessionsAmended: 'Count',
    Searches: 'Count',
    SearchesWithClick: 'Count',
    ZeroResultSearches: 'Count',
    SearchesSatisfied: 'Count',
    SearchesOfUnknownSatisfaction: 'Count',
    SearchesReformulated: 'Count',
    Clicks: 'Count',
    OrphanClicksSearchElsewhere: 'Count',
    OrphanClicksNoSearch: 'Count',
    FinalizeFailures: 'Count',
    RollupsUnfinished: 'Count',
    Unreadable: 'Count',
  })
})

it('has no name that these tests do not pin', () => {
  expect(Object.keys(contract).sort()).toEqual([
    'BLOCK',
    'CLOSED',
    'DIRTY_PARTITION',
    'EXPIRES_AT',
    'FAILED_PREFIX',
    'FINALIZE_VARIABLES',
    'HOUR_INDEX',
    'INGEST_VARIABLES',
    'KIND',
    'METRIC_DIMENSION',
    'METRIC_NAMESPACE',
    'METRIC_UNITS',
    'OPTIONAL_CLIENT_VARIABLES',
    'OPTIONAL_INGEST_VARIABLES',
    'OPTIONAL_ROLLUP_VARIABLES',
    'OPTIONAL_SEGMENT_VARIABLES',
    'PARTITION_KEY',
    'PROGRESS_KEY',
    'REJECTED_PREFIX',
    'REMOVED',
    'ROLLUP_VARIABLES',
    'RULE_VARIABLES',
    'SEGMENT_VALUES_MAX',
    'SESSION_DURATION_MS_MAX',
    'SORT_KEY',
    'SWEEPERS_MAX',
    'SWEEP_VARIABLES',
    'TIMERS',
    'TIMER_PAGES',
    'TOMBSTONE',
    'UNREADABLE_PREFIX',
  ])
})
