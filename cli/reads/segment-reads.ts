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
 *
 * @param hasBuckets false leaves the buckets empty, as for a report of years.
 */
export async function readDaySegments(
  client: DynamoDBDocumentClient,
  table: string,
  label: string,
  { from, to }: DayRange,
  hasBuckets = true,
): Promise<DaySegments[]> {
  const { pk } = daySegmentsKey(label, from)
  return (await segmentsBetween(client, table, { pk, from, to }, hasBuckets)) as DaySegments[]
}

/** Returns the hours with searches in order, likewise. */
export async function readHourSegments(
  client: DynamoDBDocumentClient,
  table: string,
  label: string,
  { from, to }: DayRange,
  hasBuckets = true,
): Promise<HourSegments[]> {
  const { pk } = hourSegmentsKey(label, from)
  return (await segmentsBetween(client, table, { pk, from, to: `${to}~` }, hasBuckets)) as HourSegments[]
}

async function segmentsBetween(
  client: DynamoDBDocumentClient,
  table: string,
  { pk, from, to }: DayRange & { readonly pk: string },
  hasBuckets: boolean,
): Promise<SegmentRollup[]> {
  const found: SegmentRollup[] = []
  for await (const items of itemsBetween(client, table, pk, from, to))
    found.push(...items.map((item) => readSegments(withoutMetadata(item), hasBuckets)))
  return found
}
