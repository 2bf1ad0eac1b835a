// Stores the ranking of a day's queries on DynamoDB, with one item for each entry.

import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { EXPIRES_AT, PARTITION_KEY, SORT_KEY } from '../../contract.ts'
import { type QueryRollup, queriesPartition } from '../../domain/results/top-queries.ts'
import { VersionConflictError } from '../../ports.ts'
import type { Ranking, RollupMetadata } from '../../result-ports.ts'
import { isThrottled, type Retries, sendPatiently } from '../runtime/pauses.ts'
import { epochSeconds, type Item, type Key } from '../runtime/table-items.ts'
import {
  COMPUTED_AT,
  getItem,
  ifAt,
  metadataAttributes,
  putOver,
  queryPartition,
  REVISION,
  revisionOf,
} from './revisions.ts'

/** The kind and the sort key of the item that holds the revision of the whole ranking. */
const RANKING = 'ranking'
/** A transaction takes a hundred items. One of them is the item of the whole ranking. */
const CHANGES_AT_ONCE = 99

export async function loadRanking(client: DynamoDBDocumentClient, table: string, day: string): Promise<Ranking | null> {
  const item = await getItem(client, table, rankingKey(day))
  if (item === undefined) return null
  const computedAt = item[COMPUTED_AT] as string | undefined
  return { revision: revisionOf(item), computedAtMs: computedAt === undefined ? null : Date.parse(computedAt) }
}

/**
 * Replaces the ranking in three steps, each of which raises or checks the revision:
 *
 *     1. claim:   put the ranking's item at revision n + 1, without `computed_at`
 *     2. entries: put and delete entries, in transactions that check revision n + 1
 *     3. publish: put the ranking's item at revision n + 2, with `computed_at`
 *
 * A later run that claims the ranking makes the transactions of this one fail. A run after an
 * interrupted one writes what is missing.
 */
export async function saveRanking(
  client: DynamoDBDocumentClient,
  table: string,
  day: string,
  queries: readonly QueryRollup[],
  baseRevision: number,
  metadata: RollupMetadata,
  retries: Partial<Retries> = {},
): Promise<void> {
  const key = rankingKey(day)
  const revision = baseRevision + 1
  const claim = { [REVISION]: revision, [EXPIRES_AT]: epochSeconds(metadata.expiresAtMs) }
  await putOver(client, table, { ...key, kind: RANKING, day, ...claim }, baseRevision, retries)
  const stored = await loadEntries(client, table, day)
  const changes = changesOf(queries, stored, table, metadataAttributes(metadata, revision))
  for (let start = 0; start < changes.length; start += CHANGES_AT_ONCE) {
    const check = { TableName: table, Key: key, ...ifAt(revision) }
    await transact(client, [{ ConditionCheck: check }, ...changes.slice(start, start + CHANGES_AT_ONCE)], retries)
  }
  const published = { ...key, kind: RANKING, day, ...metadataAttributes(metadata, revision + 1) }
  await putOver(client, table, published, revision, retries)
}

function rankingKey(day: string): Key {
  return { [PARTITION_KEY]: queriesPartition(day), [SORT_KEY]: RANKING }
}

/** By sort key. */
async function loadEntries(
  client: DynamoDBDocumentClient,
  table: string,
  day: string,
): Promise<ReadonlyMap<unknown, Item>> {
  const entries = new Map<unknown, Item>()
  for await (const items of queryPartition(client, table, queriesPartition(day))) {
    for (const item of items) entries.set(item[SORT_KEY], item)
  }
  entries.delete(RANKING)
  return entries
}

type Changes = NonNullable<TransactWriteCommandInput['TransactItems']>

/**
 * Puts the entries that differ, and deletes those that left the ranking. Most entries are the same
 * as an hour before, and need no write.
 */
function changesOf(
  queries: readonly QueryRollup[],
  stored: ReadonlyMap<unknown, Item>,
  table: string,
  metadata: Item,
): Changes {
  const changed = queries.filter((query) => !isSame(query, stored.get(query.sk)))
  const ranked = new Set(queries.map(({ sk }) => sk))
  const gone = [...stored.values()].filter(({ [SORT_KEY]: sk }) => !ranked.has(sk as string))
  return [
    ...changed.map((query) => ({ Put: { TableName: table, Item: { ...query, ...metadata } } })),
    ...gone.map(({ pk, sk }) => ({ Delete: { TableName: table, Key: { pk, sk } } })),
  ]
}

function isSame(query: QueryRollup, stored: Item | undefined): boolean {
  return stored !== undefined && Object.entries(query).every(([name, value]) => stored[name] === value)
}

/** Throws VersionConflictError when another run has claimed the ranking. */
async function transact(client: DynamoDBDocumentClient, items: Changes, retries: Partial<Retries>): Promise<void> {
  try {
    await sendPatiently(() => client.send(new TransactWriteCommand({ TransactItems: items })), isPassing, retries)
  } catch (error) {
    const isConflict = reasonsOf(error).includes('ConditionalCheckFailed')
    throw isConflict ? new VersionConflictError(RANKING, 0) : error
  }
}

const PASSING: ReadonlySet<string> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
])

/**
 * DynamoDB cancels the whole transaction when it throttles a part or another transaction holds an
 * item. The SDK does not repeat a cancelled transaction.
 */
function isPassing(error: unknown): boolean {
  const reasons = reasonsOf(error)
  return isThrottled(error) || (reasons.length > 0 && reasons.every((reason) => PASSING.has(reason)))
}

/** Returns the codes of the parts that cancelled the transaction. */
function reasonsOf(error: unknown): string[] {
  if (!(error instanceof TransactionCanceledException)) return []
  const codes = (error.CancellationReasons ?? []).map(({ Code: code = 'None' }) => code)
  return codes.filter((code) => code !== 'None')
}
