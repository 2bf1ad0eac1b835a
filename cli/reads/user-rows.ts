// Reads the result rows of one user.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { isRow } from '../../functions/aws/results-table/result-items.ts'
import { type ResultRow, rowPartition } from '../../functions/domain/results/result.ts'
import { passes, type RowFilter } from './row-filter.ts'
import { shownRow } from './rows-by-key.ts'

/** Yields the newest row first, and requests a page only when the caller asks for its rows. */
export async function* userRows(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  filter: RowFilter,
): AsyncGenerator<ResultRow> {
  if (filter.fromMs >= filter.toMs) return
  // A session id begins with a time, but the row's own time may differ from it.
  const keys = filter.kind === 'search' ? searchKeys(filter) : { first: 'session#', last: 'session$' }
  const query = {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
    ExpressionAttributeValues: { ':pk': rowPartition(user), ':first': keys.first, ':last': keys.last },
    ScanIndexForward: false,
  }
  for await (const { Items: items } of paginateQuery({ client }, query)) {
    for (const item of (items ?? []).filter(isRow)) if (passes(item as ResultRow, filter)) yield shownRow(item)
  }
}

function searchKeys({ fromMs, toMs }: RowFilter): { first: string; last: string } {
  return {
    first: Number.isFinite(fromMs) ? `search#${new Date(fromMs).toISOString()}` : 'search#',
    last: Number.isFinite(toMs) ? `search#${new Date(toMs).toISOString()}` : 'search$',
  }
}
