// Reads and writes items of the results table by revision: rollups and rankings.

import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb'
import { EXPIRES_AT, SORT_KEY } from '../../contract.ts'
import { UnreadableItemError, VersionConflictError } from '../../ports.ts'
import type { RollupMetadata } from '../../result-ports.ts'
import { storedInstead } from '../runtime/conditional-write.ts'
import { isThrottled, type Retries, sendPatiently } from '../runtime/pauses.ts'
import { epochSeconds, type Item } from '../runtime/table-items.ts'

export const REVISION = 'revision'
export const COMPUTED_AT = 'computed_at'

export async function getItem(client: DynamoDBDocumentClient, table: string, key: Item): Promise<Item | undefined> {
  const { Item: item } = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))
  return item
}

/**
 * Yields the items of a partition page by page, in the order of their sort keys.
 *
 * @param prefix selects sort keys. DynamoDB refuses an empty prefix, so the query sends none unless
 * there is one.
 */
export async function* queryPartition(
  client: DynamoDBDocumentClient,
  table: string,
  partition: string,
  prefix?: string,
): AsyncIterable<Item[]> {
  const isBySortKey = prefix !== undefined
  const input = {
    TableName: table,
    KeyConditionExpression: isBySortKey ? 'pk = :pk AND begins_with(sk, :sk)' : 'pk = :pk',
    ExpressionAttributeValues: { ':pk': partition, ...(isBySortKey && { ':sk': prefix }) },
    ConsistentRead: true,
  }
  for await (const { Items: items } of paginateQuery({ client }, input)) yield items ?? []
}

/**
 * Writes the item over the one with the base revision. Throws VersionConflictError when another
 * revision is stored. Waits for a transaction that holds the item.
 *
 * @param baseRevision 0 where no item is stored yet.
 */
export async function putOver(
  client: DynamoDBDocumentClient,
  table: string,
  item: Item,
  baseRevision: number,
  retries: Partial<Retries> = {},
): Promise<void> {
  const condition = baseRevision === 0 ? { ConditionExpression: 'attribute_not_exists(pk)' } : ifAt(baseRevision)
  const put = () => client.send(new PutCommand({ TableName: table, Item: item, ...condition }))
  const stored = await storedInstead(sendPatiently(put, isThrottled, retries))
  if (stored !== null) throw new VersionConflictError(String(item[SORT_KEY]), baseRevision)
}

/** Deletes the item with the revision. Throws VersionConflictError as `putOver` does. */
export async function deleteAt(
  client: DynamoDBDocumentClient,
  table: string,
  key: Item,
  revision: number,
  retries: Partial<Retries> = {},
): Promise<void> {
  const remove = () => client.send(new DeleteCommand({ TableName: table, Key: key, ...ifAt(revision) }))
  const stored = await storedInstead(sendPatiently(remove, isThrottled, retries))
  if (stored !== null) throw new VersionConflictError(String(key[SORT_KEY]), revision)
}

export function ifAt(revision: number) {
  return {
    ConditionExpression: '#revision = :revision',
    ExpressionAttributeNames: { '#revision': REVISION },
    ExpressionAttributeValues: { ':revision': revision },
  }
}

/** Throws UnreadableItemError for an item without a revision. */
export function revisionOf(item: Item): number {
  const revision = item[REVISION]
  if (typeof revision === 'number' && Number.isFinite(revision)) return revision
  throw new UnreadableItemError(`the item ${item.pk} ${item.sk} has no revision`)
}

export function metadataAttributes({ computedAtMs, expiresAtMs }: RollupMetadata, revision: number): Item {
  return {
    [REVISION]: revision,
    [COMPUTED_AT]: new Date(computedAtMs).toISOString(),
    [EXPIRES_AT]: epochSeconds(expiresAtMs),
  }
}

export function withoutMetadata(item: Item): Item {
  const { [REVISION]: _r, [COMPUTED_AT]: _c, [EXPIRES_AT]: _e, ...rollup } = item
  return rollup
}
