// RollupStore on DynamoDB: rows by hour in; hours, days and lists of queries, each with a revision, out.

import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { EXPIRES_AT, HOUR_INDEX, PARTITION_KEY, SORT_KEY } from '../../contract.ts'
import { type HourRollup, hourKey } from '../../domain/results/rollup.ts'
import { type QueryRollup, queriesPartition } from '../../domain/results/top-queries.ts'
import { type RollupMetadata, type RollupStore, VersionConflictError } from '../../ports.ts'
import { epochSeconds, type Item } from '../sessions-table/session-items.ts'
import { hourSliceKey, toStoredRow } from './result-items.ts'

const REVISION = 'revision'
const COMPUTED_AT = 'computed_at'
/** Sort key of the item that stands for a day's lists as a whole. */
const RANKING = 'ranking'
/** A transaction takes a hundred items, one of which is the ranking. */
const CHANGES_AT_ONCE = 99

export function dynamoRollupStore(client: DynamoDBDocumentClient, table: string): RollupStore {
  const get = async (key: Item): Promise<Item | undefined> => {
    const { Item: item } = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))
    return item
  }

  /** Yields the partition page by page. DynamoDB refuses an empty prefix, so none is sent unless there is one. */
  async function* query(partition: string, prefix?: string): AsyncIterable<Item[]> {
    const isBySortKey = prefix !== undefined
    const input = {
      TableName: table,
      KeyConditionExpression: isBySortKey ? 'pk = :pk AND begins_with(sk, :sk)' : 'pk = :pk',
      ExpressionAttributeValues: { ':pk': partition, ...(isBySortKey && { ':sk': prefix }) },
      ConsistentRead: true,
    }
    for await (const { Items: items } of paginateQuery({ client }, input)) yield items ?? []
  }

  const put = async (item: Item, baseRevision: number): Promise<void> => {
    const command = new PutCommand({ TableName: table, Item: item, ...onlyOver(baseRevision) })
    try {
      await client.send(command)
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
      throw new VersionConflictError(String(item[SORT_KEY]), baseRevision)
    }
  }

  return {
    rowsOf: async function* (hour, slice) {
      const input = {
        TableName: table,
        IndexName: HOUR_INDEX.name,
        KeyConditionExpression: '#slice = :slice',
        ExpressionAttributeNames: { '#slice': HOUR_INDEX.partitionKey },
        ExpressionAttributeValues: { ':slice': hourSliceKey(hour, slice) },
      }
      for await (const { Items: items } of paginateQuery({ client }, input)) yield (items ?? []).map(toStoredRow)
    },

    load: async (key) => {
      const item = await get(key)
      return item === undefined ? null : { rollup: withoutMetadata(item) as never, revision: item[REVISION] as number }
    },

    hoursOf: async (day) => {
      const { pk } = hourKey(day)
      const hours: HourRollup[] = []
      for await (const items of query(pk, `${day}T`))
        hours.push(...(items.map(withoutMetadata) as unknown as HourRollup[]))
      return hours
    },

    save: async (rollup, baseRevision, stamp) => put({ ...rollup, ...stamped(stamp, baseRevision + 1) }, baseRevision),

    ranking: async (day) => {
      const item = await get(rankingKey(day))
      if (item === undefined) return null
      const computedAt = item[COMPUTED_AT] as string | undefined
      return {
        revision: item[REVISION] as number,
        computedAtMs: computedAt === undefined ? null : Date.parse(computedAt),
      }
    },

    saveRanking: async (day, queries, baseRevision, stamp) => {
      const key = rankingKey(day)
      const revision = baseRevision + 1
      // Who began later takes the lists over: no more of what is written here gets past it.
      await put({ ...key, kind: RANKING, day, [REVISION]: revision, [EXPIRES_AT]: stampOf(stamp) }, baseRevision)
      const stored = new Map<unknown, Item>()
      for await (const items of query(queriesPartition(day))) for (const item of items) stored.set(item[SORT_KEY], item)
      stored.delete(RANKING)
      const changes = changesOf(queries, stored, table, stamped(stamp, revision))
      for (let start = 0; start < changes.length; start += CHANGES_AT_ONCE) {
        const check = { TableName: table, Key: key, ...only(revision) }
        await transact([{ ConditionCheck: check }, ...changes.slice(start, start + CHANGES_AT_ONCE)])
      }
      await put({ ...key, kind: RANKING, day, ...stamped(stamp, revision + 1) }, revision)
    },
  }

  async function transact(items: Changes): Promise<void> {
    try {
      await client.send(new TransactWriteCommand({ TransactItems: items }))
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error
      const isOvertaken = error.CancellationReasons?.[0]?.Code === 'ConditionalCheckFailed'
      throw isOvertaken ? new VersionConflictError(RANKING, 0) : error
    }
  }
}

type Changes = NonNullable<TransactWriteCommandInput['TransactItems']>

function rankingKey(day: string): { [PARTITION_KEY]: string; [SORT_KEY]: string } {
  return { [PARTITION_KEY]: queriesPartition(day), [SORT_KEY]: RANKING }
}

/** What differs is written, what is no longer there removed: most ranks of an hour ago are the same. */
function changesOf(queries: readonly QueryRollup[], stored: Map<unknown, Item>, table: string, stamp: Item): Changes {
  const changed = queries.filter((query) => !isSame(query, stored.get(query.sk)))
  const kept = new Set(queries.map(({ sk }) => sk))
  const gone = [...stored.values()].filter(({ [SORT_KEY]: sk }) => !kept.has(sk as string))
  return [
    ...changed.map((query) => ({ Put: { TableName: table, Item: { ...query, ...stamp } } })),
    ...gone.map(({ pk, sk }) => ({ Delete: { TableName: table, Key: { pk, sk } } })),
  ]
}

function isSame(query: QueryRollup, stored: Item | undefined): boolean {
  return stored !== undefined && Object.entries(query).every(([name, value]) => stored[name] === value)
}

function stampOf({ expiresAtMs }: RollupMetadata): number {
  return epochSeconds(expiresAtMs)
}

function stamped(stamp: RollupMetadata, revision: number): Item {
  return {
    [REVISION]: revision,
    [COMPUTED_AT]: new Date(stamp.computedAtMs).toISOString(),
    [EXPIRES_AT]: stampOf(stamp),
  }
}

function withoutMetadata(item: Item): Item {
  const { [REVISION]: _r, [COMPUTED_AT]: _c, [EXPIRES_AT]: _e, ...rollup } = item
  return rollup
}

function onlyOver(baseRevision: number) {
  return baseRevision === 0 ? { ConditionExpression: 'attribute_not_exists(pk)' } : only(baseRevision)
}

function only(revision: number) {
  return {
    ConditionExpression: '#revision = :revision',
    ExpressionAttributeNames: { '#revision': REVISION },
    ExpressionAttributeValues: { ':revision': revision },
  }
}
