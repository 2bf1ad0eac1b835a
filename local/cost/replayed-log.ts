// Replays a log as a part of larger traffic, and collects what the costs of a month follow from.

import { resultItem } from '../../functions/aws/results-table/result-items.ts'
import { segmentItem } from '../../functions/aws/results-table/segment-items.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { itemBytes } from '../../functions/aws/runtime/item-bytes.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { hourOf, hourStartMs } from '../../functions/domain/results/rollup.ts'
import { SegmentSums } from '../../functions/domain/results/segment-sums.ts'
import { hourSegments } from '../../functions/domain/results/segments.ts'
import { bestQueries, QueryTallies, queryRollups } from '../../functions/domain/results/top-queries.ts'
import { MEMORY_BYTES_MAX } from '../../functions/ingest/remember-states.ts'
import { rowRulesOf, rulesOf } from '../../infra/read-settings.ts'
import type { PipelineSettings } from '../../infra/settings.ts'
import { ENVELOPE_BYTES, PAYLOAD_BYTES_MAX } from '../lambda/first-batch.ts'
import { writeUnits } from './capacity-units.ts'
import { type CountedRun, countUnits } from './count-units.ts'
import { indexEntry } from './counted-table.ts'
import { type LogBatches, type LoggedRecord, logBatches, type ShardLoad } from './log-batches.ts'
import type { ReplaySettings, ReplayWatch } from './replay-batches.ts'
import type { WrittenRow } from './rollup-units.ts'
import type { ScheduledTimer } from './timer-units.ts'

/** A log and the rate of the traffic that it is a part of. */
export interface Traffic {
  readonly records: readonly LoggedRecord[]
  readonly eventsPerSecond: number
  readonly shards: number
}

export interface ReplayedLog {
  readonly counted: CountedRun
  readonly closings: number
  readonly rows: readonly WrittenRow[]
  /** The timers that each step scheduled. */
  readonly timers: Readonly<Record<'ingest' | 'sweep', readonly ScheduledTimer[]>>
  /** The units to write all query lists once. */
  readonly rankingUnits: number
  /** The size of the sums by each label that is set, where all rows are in one hour. */
  readonly segmentBytes: readonly number[]
}

export interface ReplayPlan extends Pick<LogBatches, 'batches' | 'userBatches'> {
  readonly load: ShardLoad
  readonly settings: ReplaySettings
  readonly segmentValuesMax: number
}

export function replayPlan(traffic: Traffic, settings: PipelineSettings): ReplayPlan {
  const load = shardLoad(traffic, settings)
  const { batches, userBatches, ownRecordsPerSecond } = logBatches(traffic.records, load)
  // Ingest remembers the states of as long a time as it would in the whole traffic.
  const remembered = Math.min(traffic.shards, ownRecordsPerSecond / load.recordsPerSecond)
  return {
    load,
    batches,
    userBatches,
    segmentValuesMax: settings.segmentValuesMax,
    settings: {
      rules: rulesOf(settings),
      rowRules: rowRulesOf(settings),
      sweepEveryMs: settings.sweepEvery,
      resultRetentionMs: settings.resultRetention,
      memoryBytesMax: MEMORY_BYTES_MAX * remembered,
    },
  }
}

/** @param onProgress receives how many batches of how many are ingested. */
export async function countLog(
  { batches, settings, segmentValuesMax }: ReplayPlan,
  hasRollups: boolean,
  onProgress: (done: number, of: number) => void,
): Promise<ReplayedLog> {
  const timers = { ingest: [] as ScheduledTimer[], sweep: [] as ScheduledTimer[] }
  const rows: WrittenRow[] = []
  const queries = new QueryTallies()
  const segments = new SegmentSums(settings.rowRules.segments, sha256)
  let closings = 0
  let writer: keyof typeof timers = 'ingest'
  const addRows = (closed: ClosedSession, nowMs: number): void => {
    for (const row of toRows(closed, sha256, settings.rowRules)) {
      const bytes = itemBytes(indexEntry(resultItem(row, nowMs)) ?? {})
      rows.push({ isSearch: row.kind === 'search', lagMs: nowMs - hourStartMs(hourOf(row)), bytes })
      if (row.kind === 'search') queries.add(row)
      segments.add(row)
    }
  }
  const watch: ReplayWatch = {
    onStep: (step) => {
      writer = step === 'append' ? 'ingest' : 'sweep'
    },
    onIngested: (done) => onProgress(done, batches.length),
    onTimers: (scheduled, nowMs) =>
      timers[writer].push(...scheduled.map(({ user, atMs }) => ({ user, delayMs: atMs - nowMs }))),
    onClosed: (closed, nowMs) => {
      closings++
      addRows(closed, nowMs)
    },
  }
  const counted = await countUnits(batches, settings, watch, hasRollups)
  const segmentBytes = bytesByLabel(segments, segmentValuesMax)
  return { counted, closings, rows, timers, rankingUnits: rankingUnits(queries), segmentBytes }
}

function bytesByLabel(segments: SegmentSums, valuesMax: number): number[] {
  return segments
    .all(valuesMax)
    .map(({ label, values }) => itemBytes(segmentItem(hourSegments(label, '2026-03-02T09', values, null))))
}

/** A batch ends with the window, with `batchSize` records, or with what Lambda can pass. */
export function shardLoad({ records, eventsPerSecond, shards }: Traffic, settings: PipelineSettings): ShardLoad {
  const bytes = records.reduce((sum, { data }) => sum + Math.ceil(data.length / 3) * 4 + ENVELOPE_BYTES, 0)
  const recordsPerSecond = (eventsPerSecond * records.length) / eventsOf(records) / shards
  const fitting = Math.max(1, Math.floor((PAYLOAD_BYTES_MAX * records.length) / bytes))
  const batchRecords = Math.min(settings.batchSize, fitting)
  return {
    recordsPerSecond,
    windowMs: Math.min(settings.batchWindow, (batchRecords / recordsPerSecond) * 1000),
    batchRecords,
  }
}

export function eventsOf(records: readonly LoggedRecord[]): number {
  return records.reduce((sum, { events }) => sum + events, 0)
}

/** Transactions write the entries of the lists, and cost twice as much. */
function rankingUnits(queries: QueryTallies): number {
  const entries = queryRollups('2026-03-02', bestQueries(queries.all()))
  return entries.reduce((sum, entry) => sum + 2 * writeUnits(itemBytes({ ...entry })), 0)
}
