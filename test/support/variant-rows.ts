// Makes result rows of searches of variants, and stores them with their sums as the pipeline does.

import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { resultItem } from '../../functions/aws/results-table/result-items.ts'
import { dynamoRollupStore } from '../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS } from '../../functions/domain/durations.ts'
import { rowPartition, type Satisfaction, type SearchRow } from '../../functions/domain/results/result.ts'
import { hourOf } from '../../functions/domain/results/rollup.ts'
import { rollup } from '../../functions/rollup/rollup.ts'

export interface AskedSearch {
  readonly user: string
  /** Null for a search without the label. */
  readonly variant: string | null
  readonly day: string
  readonly hour: number
  readonly clicks: number
  readonly satisfaction?: Satisfaction | null
  readonly results?: number | null
  readonly reformulated?: 0 | 1
}

/** @param n makes the row's key, and has to differ for each search of a user. */
export function variantRow(asked: AskedSearch, n: number, label = 'variant'): SearchRow {
  const { user, variant, day, hour, clicks, satisfaction = null, results = 10, reformulated = 0 } = asked
  const time = `${day}T${String(hour).padStart(2, '0')}:00:00.000Z`
  return {
    pk: rowPartition(user),
    sk: `search#${time}#${n}`,
    schema: 1,
    kind: 'search',
    user,
    session_id: `s${n}`,
    day,
    hour,
    version: 1,
    search_id: null,
    event_id: `e${n}`,
    time,
    query: `query ${n % 50}`,
    query_truncated: false,
    clicked: clicks > 0 ? 1 : 0,
    clicks,
    distinct_items_clicked: clicks,
    result_count: results,
    zero_results: results === 0 ? 1 : 0,
    clicked_positions: '',
    first_click_position: null,
    time_to_first_click_ms: clicks > 0 ? 1000 : null,
    satisfaction,
    satisfied_clicks: 0,
    unknown_dwell_clicks: 0,
    reformulated,
    clicks_by_search_id: clicks,
    clicks_by_item: 0,
    clicks_by_order: 0,
    ...(variant !== null && { labels: { [label]: variant } }),
  }
}

const BATCH_ITEMS = 25
const BATCHES_AT_ONCE = 8

/** Writes the rows, and sums their hours and days. */
export async function storeRows(
  client: DynamoDBDocumentClient,
  table: string,
  rows: readonly SearchRow[],
  segments: readonly string[],
  nowMs: number,
): Promise<void> {
  const batches = Array.from({ length: Math.ceil(rows.length / BATCH_ITEMS) }, (_, n) =>
    rows.slice(n * BATCH_ITEMS, (n + 1) * BATCH_ITEMS),
  )
  const write = (batch: readonly SearchRow[]) => {
    const items = batch.map((row) => ({ PutRequest: { Item: resultItem(row, nowMs + 400 * DAY_MS) } }))
    return client.send(new BatchWriteCommand({ RequestItems: { [table]: items } }))
  }
  for (let n = 0; n < batches.length; n += BATCHES_AT_ONCE)
    await Promise.all(batches.slice(n, n + BATCHES_AT_ONCE).map(write))
  await sumHours(client, table, [...new Set(rows.map(hourOf))], segments, nowMs)
}

/** Sums these hours and their days. */
export async function sumHours(
  client: DynamoDBDocumentClient,
  table: string,
  hours: readonly string[],
  segments: readonly string[],
  nowMs: number,
): Promise<void> {
  const dirtyHours = dynamoDirtyHours(client, table)
  await dirtyHours.mark(hours.map((of) => ({ kind: 'hour', of, atMs: nowMs })))
  const ports = { dirtyHours, rollups: dynamoRollupStore(client, table), digest: sha256, hasTime: () => true }
  const settings = {
    rollupRetentionMs: 1100 * DAY_MS,
    rankEveryMs: HOUR_MS,
    indexLagMs: 0,
    segments,
    segmentValuesMax: 50,
  }
  // The second run clears what the first one saw.
  for (const runMs of [nowMs + 1, nowMs + 2]) await rollup({ drain: true }, ports, settings, runMs)
}
