// Counts clicks and orphan clicks of the latest hours, and finds sessions with orphan clicks.

import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { hourSliceKey } from '../../functions/aws/results-table/result-items.ts'
import { COMPUTED_AT } from '../../functions/aws/results-table/revisions.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { HOUR_INDEX } from '../../functions/contract.ts'
import { DAY_MS } from '../../functions/domain/durations.ts'
import type { OrphanCause } from '../../functions/domain/results/attribution.ts'
import { type HourRollup, hourKey, hourOf, SLICES, type Slice } from '../../functions/domain/results/rollup.ts'
import type { RowKey } from '../reads/rows-by-key.ts'

/** Sums of hours that one query reads. */
const SUMS_MAX = 24
/** Dirty hours whose rows are counted: they have no sum of these rows yet. */
const DIRTY_MAX = 4
/** Index entries of one slice of an hour. An hour has 16 slices. */
const ENTRIES_MAX = 250
/** A share of fewer clicks than this is not meaningful for one hour. */
const CLICKS_MIN = 20
/** The CloudWatch alarm OrphanClicksShare has the same threshold. */
const SHARE_MAX = 0.05

export interface HourClicks extends Readonly<Record<OrphanCause, number>> {
  /** UTC, such as `2026-03-02T09`. */
  readonly hour: string
  /** Clicks on results of a search. */
  readonly clicks: number
}

/**
 * Returns the latest hours that changed since yesterday, the newest first. Rollup summed them since
 * then, or they are dirty. So a mistake that was repaired is forgotten, and a log of earlier days
 * counts.
 */
export async function latestHours(client: DynamoDBDocumentClient, table: string, nowMs: number): Promise<HourClicks[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': hourKey('').pk },
    ScanIndexForward: false,
    Limit: SUMS_MAX,
  }
  const { Items: sums = [] } = await client.send(new QueryCommand(query))
  const hours = new Map<string, HourClicks>()
  for (const sum of sums.filter((one) => Date.parse(one[COMPUTED_AT]) >= nowMs - DAY_MS) as HourRollup[]) {
    hours.set(hourOf(sum), clicksOfSum(sum))
  }
  for (const hour of await dirtyHours(client, table)) {
    hours.set(hour, clicksOfRows(hour, await sessionEntries(client, table, hour)))
  }
  return [...hours.values()].sort((a, b) => (a.hour < b.hour ? 1 : -1))
}

/**
 * Returns the hours whose share of orphan clicks is too high: all hours if their common share is,
 * else each hour with enough clicks.
 */
export function hoursWithOrphans(hours: readonly HourClicks[]): readonly HourClicks[] {
  if (shareOf(hours) > SHARE_MAX) return hours
  return hours.filter((hour) => clicksOf([hour]) >= CLICKS_MIN && shareOf([hour]) > SHARE_MAX)
}

export function orphansOf(hours: readonly HourClicks[]): number {
  return hours.reduce((sum, hour) => sum + hour.search_elsewhere + hour.no_search, 0)
}

/** Counts orphan clicks too. */
export function clicksOf(hours: readonly HourClicks[]): number {
  return hours.reduce((sum, { clicks }) => sum + clicks, orphansOf(hours))
}

/** The share of orphan clicks in all clicks; 0 without clicks. */
export function shareOf(hours: readonly HourClicks[]): number {
  return orphansOf(hours) / Math.max(1, clicksOf(hours))
}

/** Returns keys of session rows with orphan clicks. */
export async function orphanRows(
  client: DynamoDBDocumentClient,
  table: string,
  hour: string,
): Promise<readonly RowKey[]> {
  const entries = await sessionEntries(client, table, hour)
  return entries.filter(({ orphan_clicks: count }) => Number(count) > 0).map(({ pk, sk }) => ({ pk, sk }) as RowKey)
}

/** Reads the entries of sessions, with a search and without, up to a limit for each slice. */
async function sessionEntries(client: DynamoDBDocumentClient, table: string, hour: string): Promise<Item[]> {
  const entriesOf = async (slice: Slice): Promise<Item[]> => {
    const query = {
      TableName: table,
      IndexName: HOUR_INDEX.name,
      KeyConditionExpression: '#slice = :slice AND begins_with(#key, :session)',
      ExpressionAttributeNames: { '#slice': HOUR_INDEX.partitionKey, '#key': HOUR_INDEX.sortKey },
      ExpressionAttributeValues: { ':slice': hourSliceKey(hour, slice), ':session': 'session' },
      Limit: ENTRIES_MAX,
    }
    return (await client.send(new QueryCommand(query))).Items ?? []
  }
  return (await Promise.all(SLICES.map(entriesOf))).flat()
}

async function dirtyHours(client: DynamoDBDocumentClient, table: string): Promise<string[]> {
  for await (const periods of dynamoDirtyHours(client, table).pages('hour')) {
    return periods.slice(0, DIRTY_MAX).map(({ of }) => of)
  }
  return []
}

function clicksOfSum(sum: HourRollup): HourClicks {
  const { clicks, orphan_clicks_search_elsewhere: search_elsewhere, orphan_clicks_no_search: no_search } = sum
  return { hour: hourOf(sum), clicks, search_elsewhere, no_search }
}

function clicksOfRows(hour: string, rows: readonly Item[]): HourClicks {
  const sum = (name: string): number => rows.reduce((total, row) => total + Number(row[name] ?? 0), 0)
  return {
    hour,
    clicks: sum('clicks'),
    search_elsewhere: sum('orphan_clicks_search_elsewhere'),
    no_search: sum('orphan_clicks_no_search'),
  }
}
