// Defines the settings of a pipeline, each with its default, its range and its reason. Those of its
// stack come from `stack-settings.ts`.

import { SEGMENT_VALUES_MAX, SESSION_DURATION_MS_MAX, SWEEPERS_MAX } from '../functions/contract.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import { MIN_EVENT_TIME_MS } from '../functions/domain/events/time-field.ts'
import { UBI_ORDINALS_FROM, UBI_ORDINALS_PATTERN } from '../functions/domain/events/ubi-ordinals.ts'
import { SEGMENTS_PATTERN } from '../functions/domain/results/segment-names.ts'
import { duration, flag, number, type Setting, type SettingValue, text, time } from './setting-kinds.ts'
import { STACK_SETTINGS } from './stack-settings.ts'

/** The settings of a pipeline, whatever stack it is in. */
export const PIPELINE_SETTINGS = {
  gap: duration(
    30 * MINUTE_MS,
    SECOND_MS,
    DAY_MS,
    1,
    'the longest pause inside a session; 30 minutes is the convention of web analytics',
  ),
  lateness: duration(MINUTE_MS, 0, DAY_MS, 1, 'how long a session waits for events out of order; later ones amend it'),
  amendFor: duration(
    7 * DAY_MS,
    0,
    30 * DAY_MS,
    1,
    'how late an event may still amend a closed session; a phone may be offline for a week',
  ),
  lateEvents: {
    kind: 'choice',
    default: 'amend',
    choices: ['amend', 'divert'],
    why: 'amend: late events correct results; divert: they become dead letters, and a result is final',
  },
  maxClockSkew: duration(
    5 * MINUTE_MS,
    0,
    DAY_MS,
    1,
    'how far ahead of its arrival an event may be; one further ahead would move its user’s clock',
  ),
  minEventTime: time(
    MIN_EVENT_TIME_MS,
    '1970-01-01T00:00:00Z',
    '2025-01-01T00:00:00Z',
    'the earliest time of an event; an earlier one comes from epoch seconds or from a clock that is not set',
  ),
  ubiOrdinalsFrom: {
    ...text(
      UBI_ORDINALS_PATTERN,
      '0, 1 or application=0,application=1, up to 16 and each once',
      'the first ordinal of UBI clicks; 1 by UBI’s schema, but 0 in many applications',
    ),
    default: UBI_ORDINALS_FROM,
  },
  maxSessionEvents: number(
    1000,
    2,
    5000,
    'the most events in a session: more come from a robot, and a session has to fit in one item',
  ),
  maxSessionDuration: duration(
    12 * HOUR_MS,
    MINUTE_MS,
    SESSION_DURATION_MS_MAX,
    1,
    'the longest session: a longer one comes from a robot or a kiosk',
  ),
  satisfiedDwell: duration(
    30 * SECOND_MS,
    SECOND_MS,
    30 * MINUTE_MS,
    1,
    'how long a click has to keep the user away to count as satisfied; 30 seconds is the usual bound of research',
  ),
  reformulatedWithin: duration(
    2 * MINUTE_MS,
    0,
    30 * MINUTE_MS,
    1,
    'how soon the next search has to follow to count as a reformulation; a later one is more often another wish',
  ),
  segments: text(
    SEGMENTS_PATTERN,
    'up to 3 different labels of a-z, 0-9, _ and - (not constructor or __proto__), such as application,variant',
    'the labels by whose values searches are summed; rows have these labels, and events can have more',
  ),
  sweepEvery: duration(
    MINUTE_MS,
    MINUTE_MS,
    HOUR_MS,
    MINUTE_MS,
    'how often the sweep runs, and so how late it may close a due session',
  ),
  sweepers: number(
    1,
    1,
    SWEEPERS_MAX,
    'how many sweeps share the due sessions; more close more a second, and 2, 4, 8 or 16 get equal shares',
  ),
  batchSize: number(
    7500,
    1,
    10_000,
    'the most records in one invocation; 7,500 ordinary ones are the 6 MB that Lambda passes at most',
  ),
  batchWindow: duration(
    120 * SECOND_MS,
    0,
    300 * SECOND_MS,
    SECOND_MS,
    'how long Lambda gathers a batch, and so how much later sessions close; each event beside another of its user saves a write',
  ),
  finalizers: number(
    2,
    1,
    10,
    'how many batches of one shard of the table’s stream are finalized at once; two keep up with all that a shard can hold',
  ),
  ingestMemoryMb: memory(512, 'ingest, which also waits for the tables: waiting costs less with less memory'),
  sweepMemoryMb: memory(
    512,
    'the sweep, which mostly waits for the stream in a small stack; more sweepers close more a second',
  ),
  finalizeMemoryMb: memory(
    512,
    'finalize, which also waits for the tables; more finalizers handle more sessions a second',
  ),
  rollupMemoryMb: memory(
    1769,
    'the rollup, which mostly computes: this much buys a whole core, at the same price for its work',
  ),
  writes: {
    kind: 'choice',
    default: 'batched',
    choices: ['batched', 'single'],
    why: 'batched: up to 25 conditional writes in a request; single: a request for each, with several times the CPU',
  },
  streamMode: {
    kind: 'choice',
    default: 'provisioned',
    choices: ['provisioned', 'on-demand'],
    why: 'provisioned costs less for steady traffic; on-demand needs no shards, and costs more while idle',
  },
  shards: number(1, 1, 500, 'the shards of a provisioned stream; each accepts 1,000 records or 1 MB a second'),
  streamRetention: duration(
    DAY_MS,
    DAY_MS,
    7 * DAY_MS,
    HOUR_MS,
    'the longest outage without loss; more than a day costs extra',
  ),
  tableBilling: {
    kind: 'choice',
    default: 'on-demand',
    choices: ['on-demand', 'provisioned'],
    why: 'on-demand costs nothing while idle; provisioned costs less for steady traffic',
  },
  tableWriteUnitsMax: number(1000, 5, 40_000, 'how far a provisioned table may scale up its writes'),
  tableReadUnitsMax: number(500, 5, 40_000, 'how far a provisioned table may scale up its reads'),
  resultRetention: duration(
    400 * DAY_MS,
    DAY_MS,
    3650 * DAY_MS,
    DAY_MS,
    'how long rows stay; the default compares a month with that of the year before',
  ),
  rollups: {
    kind: 'choice',
    default: 'on',
    choices: ['on', 'off'],
    why: 'off: rows only, without index entries and sums, which `report` and `results --day` need; on: sums of hours, days and queries',
  },
  rollupEvery: duration(
    5 * MINUTE_MS,
    MINUTE_MS,
    HOUR_MS,
    MINUTE_MS,
    'how far the sums of hours and days may trail the rows',
  ),
  rollupRuns: number(
    1,
    1,
    16,
    'how many rollup runs share the dirty hours; two sum the current hour and the last one side by side',
  ),
  rankEvery: duration(
    HOUR_MS,
    5 * MINUTE_MS,
    DAY_MS,
    MINUTE_MS,
    'how often the queries of a day are ranked, which reads all rows of the day',
  ),
  segmentValuesMax: number(
    50,
    1,
    SEGMENT_VALUES_MAX,
    'how many values of a label an hour and a day name; the others are summed together',
  ),
  rollupRetention: duration(
    1100 * DAY_MS,
    DAY_MS,
    3650 * DAY_MS,
    DAY_MS,
    'how long sums stay; they are small, and the default compares three years',
  ),
  deadLetterRetention: duration(
    30 * DAY_MS,
    DAY_MS,
    365 * DAY_MS,
    DAY_MS,
    'how long you can inspect a dead letter and redrive it',
  ),
  ephemeral: flag('for trials: `cdk destroy` deletes the data too'),
  alarmEmail: text(
    /^[\w.!#%&'*+/=?^-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/,
    'an e-mail address',
    'the address that receives alarms',
  ),
} as const satisfies Readonly<Record<string, Setting>>

/**
 * A function gets CPU by its memory, a core at 1,769 MB. Less than 512 MB would not hold what one
 * batch or one sweep may need.
 */
function memory(byDefault: number, why: string) {
  return number(byDefault, 512, 10_240, `the memory of ${why}`)
}

export const SETTINGS = { ...PIPELINE_SETTINGS, ...STACK_SETTINGS }

export type SettingName = keyof typeof SETTINGS

/** Durations are milliseconds. */
export type Settings = { readonly [name in SettingName]: SettingValue<(typeof SETTINGS)[name]> }
export type PipelineSettings = Pick<Settings, keyof typeof PIPELINE_SETTINGS>
