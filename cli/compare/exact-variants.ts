// Reads the searches of each user and variant from the rows, and estimates what that costs.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { type ComparedMetric, denominatorOf } from '../../compare/metric.ts'
import { TooManyUsersError, USERS_MAX, UserColumns, VARIANTS_MAX } from '../../compare/user-columns.ts'
import { hourSliceKey } from '../../functions/aws/results-table/result-items.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { HOUR_INDEX, PARTITION_KEY } from '../../functions/contract.ts'
import type { CountedSearch } from '../../functions/domain/results/count-sum.ts'
import { type HourRollup, hourOf, SLICES } from '../../functions/domain/results/rollup.ts'
import { segmentOf } from '../../functions/domain/results/segment-sums.ts'
import { bucketCountsOf } from '../../functions/domain/results/value-sum.ts'
import { READ_UNIT_BYTES } from '../../local/cost/capacity-units.ts'
import { unitDollars } from '../../local/cost/prices.ts'
import { counted } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'

/** A search of a generated log takes some 330 bytes in the index by hour; queries differ. */
export const INDEX_ENTRY_BYTES = 350
/** The index has no consistent reads; others cost half. */
const UNITS = 0.5
/** Each slice of an hour is a request of its own. */
const REQUESTS_AT_ONCE = SLICES.length

export interface ReadEstimate {
  readonly searches: number
  readonly requests: number
  readonly bytes: number
  readonly readUnits: number
  readonly dollars: number
}

/** @param hours those with searches. */
export function estimateRead(hours: readonly HourRollup[]): ReadEstimate {
  const searches = hours.reduce((sum, hour) => sum + hour.searches, 0)
  const requests = hours.length * SLICES.length
  const bytes = searches * INDEX_ENTRY_BYTES
  const readUnits = Math.max(requests, Math.ceil(bytes / READ_UNIT_BYTES)) * UNITS
  return { searches, requests, bytes, readUnits, dollars: unitDollars(0, readUnits) }
}

/** Returns a sentence about the hours whose rows have begun to expire, or none. */
export function expiredNotes(hours: readonly HourRollup[], nowMs: number): string[] {
  const expired = hours.filter(({ rows_expire_at: at }) => at !== null && Date.parse(at) <= nowMs)
  if (expired.length === 0) return []
  return [
    `The rows of ${counted(expired.length, 'hour')} have begun to expire, and --exact counts only those that are left. Sums count them all.`,
  ]
}

export interface ExactVariants {
  readonly columns: UserColumns
  /** Rows that lack a value which is counted. */
  readonly unreadable: number
}

/** Throws a UserError for more users or variants than memory is planned for. */
export async function readUserVariants(
  { client, table }: { client: DynamoDBDocumentClient; table: string },
  { label, variants, metric }: { label: string; variants: readonly string[]; metric: ComparedMetric },
  hours: readonly HourRollup[],
  onHour: (searches: number) => void,
): Promise<ExactVariants> {
  if (variants.length > VARIANTS_MAX)
    throw new UserError(`--exact compares up to ${VARIANTS_MAX} variants, and there are ${variants.length}.`)
  const columns = new UserColumns(variants)
  let unreadable = 0
  let searches = 0
  const add = (item: Item): void => {
    searches++
    if (!isCountable(item)) {
      unreadable++
      return
    }
    const counts = bucketCountsOf(item)
    const variant = segmentOf(item, label)
    columns.add(item[PARTITION_KEY], variant, counts[metric.numerator], denominatorOf(counts, metric))
  }
  try {
    for (const hour of hours) {
      const readSlice = async (slice: (typeof SLICES)[number]): Promise<void> => {
        const query = searchesOf(table, hourSliceKey(hourOf(hour), slice))
        for await (const { Items: items } of paginateQuery({ client }, query)) for (const item of items ?? []) add(item)
      }
      await pMap(SLICES, readSlice, { concurrency: REQUESTS_AT_ONCE })
      onHour(searches)
    }
  } catch (error) {
    if (!(error instanceof TooManyUsersError)) throw error
    throw new UserError(
      `--exact compares up to ${USERS_MAX.toLocaleString('en-GB')} users, and this range has more: take a later --since, or leave --exact out.`,
    )
  }
  return { columns, unreadable }
}

const COLUMNS = [PARTITION_KEY, 'labels', 'clicks', 'result_count', 'satisfaction', 'reformulated']

function searchesOf(table: string, sliceKey: string) {
  return {
    TableName: table,
    IndexName: HOUR_INDEX.name,
    KeyConditionExpression: '#slice = :slice AND begins_with(#key, :search)',
    ProjectionExpression: COLUMNS.map((_, n) => `#c${n}`).join(', '),
    ExpressionAttributeNames: {
      '#slice': HOUR_INDEX.partitionKey,
      '#key': HOUR_INDEX.sortKey,
      ...Object.fromEntries(COLUMNS.map((name, n) => [`#c${n}`, name])),
    },
    ExpressionAttributeValues: { ':slice': sliceKey, ':search': 'search#' },
  }
}

type IndexEntry = Item & CountedSearch & { readonly pk: string; readonly labels?: Readonly<Record<string, string>> }

function isCountable(item: Item): item is IndexEntry {
  const { clicks, reformulated, result_count: results } = item
  return [clicks, reformulated, results ?? 0].every((value) => Number.isFinite(value))
}
