// Defines the names that the infrastructure and the functions share: variables, attributes,
// prefixes and metrics.

import { DAY_MS } from './domain/durations.ts'

/** Every step must know it: what orders the rows has to last as long as they do. */
const RESULT_RETENTION = 'RESULT_RETENTION_MS'

/**
 * The environment variables of the session rules. The infrastructure must set every variable of a
 * function, and the function must read it: else the code does not compile.
 */
export const RULE_VARIABLES = {
  gapMs: 'GAP_MS',
  latenessMs: 'LATENESS_MS',
  amendForMs: 'AMEND_FOR_MS',
  lateEvents: 'LATE_EVENTS',
  maxClockSkewMs: 'MAX_CLOCK_SKEW_MS',
  minEventTimeMs: 'MIN_EVENT_TIME_MS',
  ubiOrdinalsFrom: 'UBI_ORDINALS_FROM',
  maxSessionEvents: 'MAX_SESSION_EVENTS',
  maxSessionDurationMs: 'MAX_SESSION_DURATION_MS',
  resultRetentionMs: RESULT_RETENTION,
} as const

/** Distinguishes the pipelines of one account in metrics. */
const PIPELINE_NAME = 'PIPELINE_NAME'

/** `batched` or `single`: how a function sends its conditional writes. */
const WRITES = 'WRITES'

/** `on` or `off`: whether rows are indexed by hour and their hours marked as dirty. */
const ROLLUPS = 'ROLLUPS'

export const INGEST_VARIABLES = {
  ...RULE_VARIABLES,
  pipelineName: PIPELINE_NAME,
  sessionsTable: 'SESSIONS_TABLE',
  deadLetterBucket: 'DEAD_LETTER_BUCKET',
  writes: WRITES,
} as const

/** Without this variable, the tables store users by the ids that producers send. */
export const OPTIONAL_INGEST_VARIABLES = { pseudonymKeySecret: 'PSEUDONYM_KEY_SECRET' } as const

export const SWEEP_VARIABLES = {
  ...RULE_VARIABLES,
  pipelineName: PIPELINE_NAME,
  sessionsTable: 'SESSIONS_TABLE',
  stream: 'STREAM_NAME',
  sweepEveryMs: 'SWEEP_EVERY_MS',
  givenUpAfterMs: 'GIVEN_UP_AFTER_MS',
  writes: WRITES,
} as const

export const FINALIZE_VARIABLES = {
  pipelineName: PIPELINE_NAME,
  sessionsTable: 'SESSIONS_TABLE',
  resultsTable: 'RESULTS_TABLE',
  deadLetterBucket: 'DEAD_LETTER_BUCKET',
  resultRetentionMs: RESULT_RETENTION,
  satisfiedDwellMs: 'SATISFIED_DWELL_MS',
  reformulatedWithinMs: 'REFORMULATED_WITHIN_MS',
  writes: WRITES,
  rollups: ROLLUPS,
} as const

export const ROLLUP_VARIABLES = {
  pipelineName: PIPELINE_NAME,
  resultsTable: 'RESULTS_TABLE',
  rollupRetentionMs: 'ROLLUP_RETENTION_MS',
  rankEveryMs: 'RANK_EVERY_MS',
  segmentValuesMax: 'SEGMENT_VALUES_MAX',
} as const

/** Set by the local run, where the index never trails. Without it, the rollup allows 15 minutes. */
export const OPTIONAL_ROLLUP_VARIABLES = { indexLagMs: 'INDEX_LAG_MS' } as const

/** Set by the local run, whose emulators answer late on a busy machine. Every function reads it. */
export const OPTIONAL_CLIENT_VARIABLES = { answerMs: 'ANSWER_MS' } as const

/** Without this variable, rows have no labels, and only whole hours and days are summed. */
export const OPTIONAL_SEGMENT_VARIABLES = { segments: 'SEGMENTS' } as const

export type Environment<T extends Readonly<Record<string, string>>> = { readonly [name in T[keyof T]]: string }

/** Key attributes of both tables. */
export const PARTITION_KEY = 'pk'
export const SORT_KEY = 'sk'
/** Holds epoch seconds. DynamoDB deletes an item some time after that moment. */
export const EXPIRES_AT = 'expires_at'

/**
 * The index of result rows by hour and slice. It holds only the attributes that rollups read.
 * DynamoDB allows 20 of them, so `clicked` and `zero_results`, which follow from others, stay out.
 */
export const HOUR_INDEX = {
  name: 'by_hour',
  /** `<day>T<hour>#<slice>` */
  partitionKey: 'hour_slice',
  /** `search#<beginning of the folded query>`, `session` or, without a search, `session#clicks` */
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
    EXPIRES_AT,
  ],
} as const

/** The partition of the results table that holds the dirty hours. */
export const DIRTY_PARTITION = 'dirty_hours'

/**
 * The attribute that names the kind of an item in the sessions table. A state and a shard's
 * progress have none.
 */
export const KIND = 'kind'
export const CLOSED = 'closed'
/** Stands under the key of a closed session that merged into another one or was forgotten. */
export const TOMBSTONE = 'tombstone'
/** Stands under the key of a removed result row, so that a late write changes nothing. */
export const REMOVED = 'removed'
/** Holds a part of the events of a user's open sessions. */
export const BLOCK = 'block'
export const TIMERS = 'timers'
/** Pages of timers lie in partitions of this name and a number, such as `timer_pages#2`. */
export const TIMER_PAGES = 'timer_pages'
/** Each page of timers has a number below this. At most so many sweepers can share the pages. */
export const SWEEPERS_MAX = 16
/** Sort key of the item that holds how far ingest has applied a shard. */
export const PROGRESS_KEY = 'progress'

/** Ingest stores dead letters under this prefix of the dead-letter bucket. */
export const REJECTED_PREFIX = 'rejected/'
/** Lambda stores the batches that it gave up under this prefix. */
export const FAILED_PREFIX = 'aws/lambda/'
/** Finalize stores the changes that it cannot read under this prefix, each as a failed batch. */
export const UNREADABLE_PREFIX = `${FAILED_PREFIX}unreadable/`

/**
 * The largest `maxSessionDuration` that can be set. It bounds how far an event can be from its
 * session's key.
 */
export const SESSION_DURATION_MS_MAX = DAY_MS

/** The largest `segmentValuesMax` that can be set. So many values fit in one item. */
export const SEGMENT_VALUES_MAX = 100

/** The namespace of all metrics, which have the pipeline as their only dimension. */
export const METRIC_NAMESPACE = 'SearchSessionCtr'
export const METRIC_DIMENSION = 'pipeline'

/**
 * The metrics that the functions emit. They emit no count of 0, because CloudWatch bills a metric
 * by the hours with data.
 */
export const METRIC_UNITS = {
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
} as const

export type MetricName = keyof typeof METRIC_UNITS
export type Metrics = Readonly<Partial<Record<MetricName, number>>>
