// Reads the result rows of an hour from DynamoDB, and stores the rollups made of them.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { COUNTS } from '../../domain/results/counts.ts'
import { type HourRollup, hourKey } from '../../domain/results/rollup.ts'
import { type HourSegments, hourSegmentsKey } from '../../domain/results/segments.ts'
import { UnreadableItemError } from '../../ports.ts'
import type { RollupStore } from '../../result-ports.ts'
import { writingClient } from '../runtime/document-client.ts'
import type { Retries } from '../runtime/pauses.ts'
import type { Item } from '../runtime/table-items.ts'
import { hourPages } from './hour-pages.ts'
import { loadRanking, saveRanking } from './ranking.ts'
import {
  deleteAt,
  getItem,
  metadataAttributes,
  putOver,
  queryPartition,
  revisionOf,
  withoutMetadata,
} from './revisions.ts'
import { loadProgress, saveProgress } from './rollup-progress.ts'
import { isSegmentItem, readSegments, segmentItem } from './segment-items.ts'

/** @param retries how long to send throttled writes again. */
export function dynamoRollupStore(
  client: DynamoDBDocumentClient,
  table: string,
  retries: Partial<Retries> = {},
): RollupStore {
  // A document client would take twice the CPU for a row, or more.
  const plainClient = writingClient(client)
  const sumsOfDay = async <T>(pk: string, day: string): Promise<T[]> => {
    const hours: T[] = []
    for await (const items of queryPartition(client, table, pk, `${day}T`)) hours.push(...(items.map(readSum) as T[]))
    return hours
  }
  return {
    ...hourPages(plainClient, table),

    load: async (key) => {
      const item = await getItem(client, table, key)
      return item === undefined ? null : { rollup: readSum(item) as never, revision: revisionOf(item) }
    },

    hoursOf: (day) => sumsOfDay<HourRollup>(hourKey(day).pk, day),

    segmentHoursOf: (day, label) => sumsOfDay<HourSegments>(hourSegmentsKey(label, day).pk, day),

    save: (sum, baseRevision, metadata) => {
      const item = 'values' in sum ? segmentItem(sum) : sum
      const attributes = metadataAttributes(metadata, baseRevision + 1)
      return putOver(client, table, { ...item, ...attributes }, baseRevision, retries)
    },

    remove: (key, baseRevision) => deleteAt(client, table, key, baseRevision, retries),

    ranking: (day) => loadRanking(client, table, day),

    saveRanking: (day, queries, baseRevision, metadata) =>
      saveRanking(client, table, day, queries, baseRevision, metadata, retries),

    loadProgress: (name, nowMs) => loadProgress(client, table, name, nowMs),

    saveProgress: (name, progress, nowMs) => saveProgress(client, table, name, progress, nowMs),
  }
}

/** An earlier release may have written a sum without one of the counts. */
function readSum(item: Item): object {
  if (isSegmentItem(item)) return readSegments(withoutMetadata(item))
  const { pk, sk, rows_expire_at: rowsExpireAt, segments } = item
  const isCount = (value: unknown): boolean => value === undefined || Number.isFinite(value)
  const isTime = rowsExpireAt == null || Number.isFinite(Date.parse(String(rowsExpireAt)))
  const isText = segments === undefined || typeof segments === 'string'
  if (isTime && isText && COUNTS.every((name) => isCount(item[name]))) return withoutMetadata(item)
  throw new UnreadableItemError(`the sum ${pk} ${sk} holds a value that is no count`)
}
