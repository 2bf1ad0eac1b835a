// Reads what a report shows: days, hours, ranked queries, and closed sessions to explore.

import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Key } from '../../functions/aws/runtime/table-items.ts'
import { readableClosed } from '../../functions/aws/sessions-table/readable-closed.ts'
import { SORT_KEY } from '../../functions/contract.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import { type DayRollup, dayKey, type HourRollup, hourKey, hourOf } from '../../functions/domain/results/rollup.ts'
import { type QueryRollup, queriesPartition } from '../../functions/domain/results/top-queries.ts'
import type { DayRange, ReportPorts } from '../../report/report-data.ts'
import { hourKeys } from './hour-keys.ts'
import { itemsBetween } from './items-between.ts'
import { closedKeyOf, itemsByKey } from './rows-by-key.ts'
import { readDaySegments, readHourSegments } from './segment-reads.ts'

export interface ReportTables {
  readonly results: string
  readonly sessions: string
}

/**
 * Rows outlive their sessions. After so many hours with rows but without a session, the sample
 * stops: earlier sessions have expired too.
 */
const EMPTY_HOURS_MAX = 24

export function reportReads(client: DynamoDBDocumentClient, { results, sessions }: ReportTables): ReportPorts {
  const between = async <T>(pk: string, from: string, to: string): Promise<T[]> => {
    const found: T[] = []
    for await (const items of itemsBetween(client, results, pk, from, to)) found.push(...(items as T[]))
    return found
  }
  const readHours = ({ from, to }: DayRange): Promise<HourRollup[]> =>
    between<HourRollup>(hourKey('').pk, from, `${to}~`)

  return {
    readDays: ({ from, to }) => between<DayRollup>(dayKey('').pk, from, to),
    readHours,
    readDaySegments: (label, range) => readDaySegments(client, results, label, range, false),
    readHourSegments: (label, range) => readHourSegments(client, results, label, range, false),
    readQueries: async (day) => {
      const found = await between<QueryRollup>(queriesPartition(day), '', '~')
      // One item of the partition describes the day's lists as a whole.
      return found.filter(({ kind }) => kind === 'query')
    },
    sampleSessions: async (range, sessionsMax) => {
      const sampled: ClosedSession[] = []
      const hours = (await readHours(range)).filter(({ sessions: count }) => count > 0).reverse()
      let emptyHours = 0
      for (const hour of hours) {
        if (sampled.length >= sessionsMax || emptyHours === EMPTY_HOURS_MAX) break
        const keys = await sessionKeys(client, results, hourOf(hour))
        const items = await itemsByKey(client, sessions, keys.slice(0, sessionsMax - sampled.length))
        const found = items.flatMap(readableClosed)
        emptyHours = found.length === 0 ? emptyHours + 1 : 0
        sampled.push(...found)
      }
      return sampled
    },
  }
}

/**
 * Returns the last day before today that has sums, today if no other day has, or null if none has.
 */
export async function latestDay(client: DynamoDBDocumentClient, table: string, today: string): Promise<string | null> {
  const { Items: items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk <= :today',
      ExpressionAttributeValues: { ':pk': dayKey('').pk, ':today': today },
      ScanIndexForward: false,
      Limit: 2,
    }),
  )
  const days = items.map((item) => String(item[SORT_KEY]))
  return days.find((day) => day < today) ?? days[0] ?? null
}

/**
 * Returns the keys of the closed sessions that began in the hour and have a row. The latest comes
 * first, since a session id begins with a time.
 */
async function sessionKeys(client: DynamoDBDocumentClient, table: string, hour: string): Promise<Key[]> {
  const rows = await hourKeys(client, table, hour, { kind: 'session', query: null })
  return rows.map(closedKeyOf).sort((a, b) => (String(a[SORT_KEY]) > String(b[SORT_KEY]) ? -1 : 1))
}
