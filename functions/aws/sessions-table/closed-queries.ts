// Queries a user's closed sessions: the neighbours of a time range, or the versions of all of them.

import {
  type DynamoDBDocumentClient,
  paginateQuery,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/lib-dynamodb'
import { KIND, PARTITION_KEY, SORT_KEY, TOMBSTONE } from '../../contract.ts'
import { neighbours, type TimeRange } from '../../domain/sessions/neighbours.ts'
import type { Session } from '../../domain/sessions/session.ts'
import type { ClosedItem, ClosedVersion } from '../../ports.ts'
import { checkSchema, SCHEMA } from '../runtime/item-schema.ts'
import { userPartition } from '../runtime/table-items.ts'
import { CLOSED_KEYS, CLOSED_PREFIX, closedIdOf, closedKeyAfter, readClosed, versionOf } from './session-items.ts'

/** Two items are usually enough, so a query begins with a small page. Each next page is larger. */
const FIRST_PAGE_ITEMS = 2
const PAGE_GROWTH = 4
/** A page of so many sessions and tombstones holds at most 2 MB. */
const PAGE_ITEMS_MAX = 128

/**
 * Returns the closed sessions that `neighbours` selects. The query reads from the range outwards in
 * both directions, and stops as soon as `neighbours` has enough: DynamoDB bills what it reads.
 */
export function queryNeighbours(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  range: TimeRange,
): Promise<readonly Session[] | null> {
  const middle = closedKeyAfter(range.toMs)
  const before = queryClosed(client, table, user, { from: CLOSED_KEYS.first, to: middle, isForward: false })
  const after = queryClosed(client, table, user, { from: middle, to: CLOSED_KEYS.last, isForward: true })
  return neighbours(range, before, after)
}

/** Yields the version of every closed session and of every tombstone of the user, page by page. */
export async function* queryVersions(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
): AsyncIterable<readonly ClosedVersion[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :closed)',
    ProjectionExpression: '#pk, #sk, #kind, #version, #schema',
    ExpressionAttributeNames: {
      '#pk': PARTITION_KEY,
      '#sk': SORT_KEY,
      '#kind': KIND,
      '#version': 'version',
      '#schema': SCHEMA,
    },
    ExpressionAttributeValues: { ':pk': userPartition(user), ':closed': CLOSED_PREFIX },
    ConsistentRead: true,
  }
  for await (const { Items: items } of paginateQuery({ client }, query)) {
    yield (items ?? []).map((item) => {
      checkSchema(item)
      return { id: closedIdOf(item), version: versionOf(item), isTombstone: item[KIND] === TOMBSTONE }
    })
  }
}

/** Yields all closed sessions and tombstones of the user, page by page. */
export async function* queryClosedItems(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
): AsyncIterable<readonly ClosedItem[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :closed)',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
    ExpressionAttributeValues: { ':pk': userPartition(user), ':closed': CLOSED_PREFIX },
    ConsistentRead: true,
  }
  for await (const { Items: items } of paginateQuery({ client }, query)) {
    yield (items ?? []).map((item) => ({ id: closedIdOf(item), version: versionOf(item), closed: readClosed(item) }))
  }
}

interface KeyRange {
  readonly from: string
  readonly to: string
  readonly isForward: boolean
}

/** Yields the closed sessions between two keys, and skips tombstones. */
async function* queryClosed(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  { from, to, isForward }: KeyRange,
): AsyncIterable<Session> {
  let items = FIRST_PAGE_ITEMS
  let start: Record<string, unknown> | undefined
  do {
    const command = new QueryCommand({
      TableName: table,
      KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
      ExpressionAttributeValues: { ':pk': userPartition(user), ':from': from, ':to': to },
      ConsistentRead: true,
      ScanIndexForward: isForward,
      Limit: items,
      ...(start !== undefined && { ExclusiveStartKey: start }),
    })
    const page: QueryCommandOutput = await client.send(command)
    for (const item of page.Items ?? []) {
      const closed = readClosed(item)
      if (closed !== null) yield closed.session
    }
    start = page.LastEvaluatedKey
    items = Math.min(items * PAGE_GROWTH, PAGE_ITEMS_MAX)
  } while (start !== undefined)
}
