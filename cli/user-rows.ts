// The result rows of one user: ids, a time and a kind in, the rows page by page, newest first, out.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { EXPIRES_AT } from '../functions/contract.ts'
import { type ResultRow, rowPartition, rowTime } from '../functions/domain/result.ts'

export type RowKind = ResultRow['kind']

export interface RowFilter {
  readonly kinds: readonly RowKind[]
  /** Of the row's own time, the first inclusive, the last exclusive. */
  readonly fromMs: number
  readonly toMs: number
  /** Of searches: as `foldedQuery` makes it; null for any. */
  readonly query: string | null
}

/** Only the requests that the printed rows need. */
export async function* userRows(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  filter: RowFilter,
): AsyncGenerator<ResultRow> {
  for (const kind of filter.kinds) {
    // Sessions sort by a time of theirs, but not by the one that counts.
    const keys = kind === 'search' ? searchKeys(filter) : { first: 'session#', last: 'session$' }
    const query = {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
      ExpressionAttributeValues: { ':pk': rowPartition(user), ':first': keys.first, ':last': keys.last },
      ScanIndexForward: false,
    }
    for await (const { Items: items } of paginateQuery({ client }, query)) {
      for (const item of items ?? []) if (passes(item as ResultRow, filter)) yield withoutHousekeeping(item)
    }
  }
}

export function passes(row: ResultRow, { kinds, fromMs, toMs, query }: RowFilter): boolean {
  const timeMs = rowTime(row)
  const isAsked = query === null || (row.kind === 'search' && foldedQuery(row.query) === query)
  return kinds.includes(row.kind) && timeMs >= fromMs && timeMs < toMs && isAsked
}

/** Queries that differ in capitals or spaces only are the same to a person. */
export function foldedQuery(query: string): string {
  return query.trim().replace(/\s+/g, ' ').toLowerCase()
}

/** What only keeps the table in order is of no interest, and DynamoDB gives columns in no order. */
export function withoutHousekeeping(item: Readonly<Record<string, unknown>>): ResultRow {
  const { [EXPIRES_AT]: _, hour_slice: _slice, slice_key: _key, ...row } = item
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))) as unknown as ResultRow
}

function searchKeys({ fromMs, toMs }: RowFilter): { first: string; last: string } {
  return {
    first: Number.isFinite(fromMs) ? `search#${new Date(fromMs).toISOString()}` : 'search#',
    last: Number.isFinite(toMs) ? `search#${new Date(toMs).toISOString()}` : 'search$',
  }
}
