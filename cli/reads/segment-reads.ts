// Reads the sums of searches by the values of a label, for a range of days.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { withoutMetadata } from '../../functions/aws/results-table/revisions.ts'
import { readSegments } from '../../functions/aws/results-table/segment-items.ts'
import {
  type DaySegments,
  daySegmentsKey,
  type HourSegments,
  hourSegmentsKey,
  type SegmentRollup,
} from '../../functions/domain/results/segments.ts'
import type { DayRange } from '../../report/report-data.ts'
import { itemsBetween } from './items-between.ts'

/**
 * Returns the days with searches in order, each with its values and buckets. Takes a read unit for
 * 8 KB. Throws UnreadableItemError for a damaged sum.
 */
export async function readDaySegments(
  client: DynamoDBDocumentClient,
  table: string,
  label: string,
  { from, to }: DayRange,
): Promise<DaySegments[]> {
  return (await segmentsBetween(client, table, daySegmentsKey(label, from).pk, from, to)) as DaySegments[]
}

/** Returns the hours with searches in order, likewise. */
export async function readHourSegments(
  client: DynamoDBDocumentClient,
  table: string,
  label: string,
  { from, to }: DayRange,
): Promise<HourSegments[]> {
  return (await segmentsBetween(client, table, hourSegmentsKey(label, from).pk, from, `${to}~`)) as HourSegments[]
}

async function segmentsBetween(
  client: DynamoDBDocumentClient,
  table: string,
  pk: string,
  from: string,
  to: string,
): Promise<SegmentRollup[]> {
  const found: SegmentRollup[] = []
  for await (const items of itemsBetween(client, table, pk, from, to))
    found.push(...items.map((item) => readSegments(withoutMetadata(item))))
  return found
}
