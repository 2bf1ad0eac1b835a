// Result rows by their keys: keys in, those of the rows that are there, whole, out.

import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { toRow } from '../functions/aws/result-items.ts'
import type { ResultRow } from '../functions/domain/result.ts'
import { UserError } from '../local/user-error.ts'

export interface RowKey {
  readonly pk: string
  readonly sk: string
}

/** DynamoDB's limit. */
const KEYS_AT_ONCE = 100
/** For what a throttled table left out; the client waits longer from try to try. */
const TRIES_MAX = 8

export async function rowsByKey(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly RowKey[],
): Promise<ResultRow[]> {
  const rows: ResultRow[] = []
  for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
    let rest: Record<string, unknown>[] = keys.slice(start, start + KEYS_AT_ONCE).map(({ pk, sk }) => ({ pk, sk }))
    for (let tries = 0; rest.length > 0; tries++) {
      if (tries === TRIES_MAX) throw new UserError(`table ${table} is throttled: try again later, or ask for less`)
      const { Responses: found, UnprocessedKeys: left } = await client.send(
        new BatchGetCommand({ RequestItems: { [table]: { Keys: rest } } }),
      )
      rows.push(...(found?.[table] ?? []).map(shownRow))
      rest = left?.[table]?.Keys ?? []
    }
  }
  return rows
}

/** Columns in one order: DynamoDB gives them in none. */
export function shownRow(item: Readonly<Record<string, unknown>>): ResultRow {
  const columns = Object.entries(toRow(item)).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(columns) as unknown as ResultRow
}
