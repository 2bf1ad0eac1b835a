// Reads the result rows of all users, hour by hour.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { DAY_MS, HOUR_MS } from '../../functions/domain/durations.ts'
import { type ResultRow, rowTime } from '../../functions/domain/results/result.ts'
import { hourAt } from '../../functions/domain/results/rollup.ts'
import { UsageError } from '../../terminal/user-error.ts'
import { hourKeys } from './hour-keys.ts'
import { passes, type RowFilter } from './row-filter.ts'
import { rowsByKey } from './rows-by-key.ts'

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
  const wanted = { kind: filter.kind === 'search' ? 'search' : 'any session', query: filter.query } as const
  for (const hour of hoursBack(filter, nowMs)) {
    const rows = await rowsByKey(client, table, await hourKeys(client, table, hour, wanted))
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
    hours.push(hourAt(startMs))
  }
  return hours
}
