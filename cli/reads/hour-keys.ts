// Finds the keys of the result rows of an hour, through the index by hour.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { hourSliceKey, queryKey } from '../../functions/aws/results-table/result-items.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { HOUR_INDEX } from '../../functions/contract.ts'
import { SLICES, sliceOfText } from '../../functions/domain/results/rollup.ts'
import type { RowKey } from './rows-by-key.ts'

/** Which keys of an hour to find. */
export interface WantedKeys {
  /** `session` leaves out sessions without a search; `any session` does not. */
  readonly kind: 'search' | 'session' | 'any session'
  /** The folded query of searches; null for any query. */
  readonly query: string | null
}

/**
 * Sends a request to each slice of the hour, or only one for the searches of one query. Returns
 * keys only, because the index stores a part of each row.
 *
 * @param hour UTC, such as `2026-03-02T09`.
 */
export async function hourKeys(
  client: DynamoDBDocumentClient,
  table: string,
  hour: string,
  { kind, query }: WantedKeys,
): Promise<RowKey[]> {
  const slices = query === null ? SLICES : [sliceOfText(query, sha256)]
  const isExact = kind === 'session' || query !== null
  const sliceKey = kind === 'search' ? (query === null ? 'search#' : queryKey(query)) : 'session'
  const keysOf = async (slice: (typeof slices)[number]): Promise<RowKey[]> => {
    const request = {
      TableName: table,
      IndexName: HOUR_INDEX.name,
      KeyConditionExpression: isExact
        ? '#slice = :slice AND #key = :key'
        : '#slice = :slice AND begins_with(#key, :key)',
      ExpressionAttributeNames: { '#slice': HOUR_INDEX.partitionKey, '#key': HOUR_INDEX.sortKey },
      ExpressionAttributeValues: { ':slice': hourSliceKey(hour, slice), ':key': sliceKey },
    }
    const keys: RowKey[] = []
    for await (const { Items: items } of paginateQuery({ client }, request)) {
      keys.push(...(items ?? []).map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })))
    }
    return keys
  }
  return (await Promise.all(slices.map(keysOf))).flat()
}
