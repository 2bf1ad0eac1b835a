// Reads the result rows of all users, hour by hour through the index by hour.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { hourSliceKey, queryKey } from '../../functions/aws/results-table/result-items.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { HOUR_INDEX } from '../../functions/contract.ts'
import { DAY_MS, HOUR_MS } from '../../functions/domain/durations.ts'
import { type ResultRow, rowTime } from '../../functions/domain/results/result.ts'
import { SLICES, sliceOfText } from '../../functions/domain/results/rollup.ts'
import { UsageError } from '../../terminal/user-error.ts'
import { passes, type RowFilter } from './row-filter.ts'
import { type RowKey, rowsByKey } from './rows-by-key.ts'

/** An hour takes one request for each slice, so 31 days take some 12,000 requests. */
const DAYS_MAX = 31

/**
 * Yields the newest row first.
 *
 * @param nowMs the current time. A row may be up to an hour later, because clocks of producers run
 * ahead.
 */
export async function* hourRows(
  client: DynamoDBDocumentClient,
  table: string,
  filter: RowFilter,
  nowMs: number,
): AsyncGenerator<ResultRow> {
  const slices = filter.query === null ? SLICES : [sliceOfText(filter.query, sha256)]
  for (const hour of hoursBack(filter, nowMs)) {
    const keys = await Promise.all(slices.map((slice) => sliceKeys(client, table, hourSliceKey(hour, slice), filter)))
    const rows = await rowsByKey(client, table, keys.flat())
    yield* rows.filter((row) => passes(row, filter)).sort((a, b) => rowTime(b) - rowTime(a))
  }
}

function hoursBack({ fromMs, toMs }: RowFilter, nowMs: number): string[] {
  const lastMs = Math.min(toMs - 1, nowMs + HOUR_MS)
  if (lastMs - fromMs > DAYS_MAX * DAY_MS)
    throw new UsageError(
      `--since: results of all users are limited to ${DAYS_MAX} days at once; name a later time, a --day or a --user`,
    )
  const hours: string[] = []
  for (let startMs = Math.floor(lastMs / HOUR_MS) * HOUR_MS; startMs + HOUR_MS > fromMs; startMs -= HOUR_MS) {
    hours.push(new Date(startMs).toISOString().slice(0, 'YYYY-MM-DDTHH'.length))
  }
  return hours
}

/** Returns keys only, because the index stores only a part of each row. */
async function sliceKeys(
  client: DynamoDBDocumentClient,
  table: string,
  hourSlice: string,
  { kind, query }: RowFilter,
): Promise<RowKey[]> {
  const isExact = kind === 'session' || query !== null
  const key = kind === 'session' ? 'session' : query === null ? 'search#' : queryKey(query)
  const asked = {
    TableName: table,
    IndexName: HOUR_INDEX.name,
    KeyConditionExpression: isExact ? '#slice = :slice AND #key = :key' : '#slice = :slice AND begins_with(#key, :key)',
    ExpressionAttributeNames: { '#slice': HOUR_INDEX.partitionKey, '#key': HOUR_INDEX.sortKey },
    ExpressionAttributeValues: { ':slice': hourSlice, ':key': key },
  }
  const keys: RowKey[] = []
  for await (const { Items: items } of paginateQuery({ client }, asked)) {
    keys.push(...(items ?? []).map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })))
  }
  return keys
}
