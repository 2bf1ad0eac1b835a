// EarlyAlarms on DynamoDB: users to look at soon in, a few items of the sessions table that hold many of them each out.

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { ALARMS, EXPIRES_AT, KIND, PARTITION_KEY, SORT_KEY } from '../contract.ts'
import { DELIVERY_MS_MAX } from '../domain/closing.ts'
import type { AlarmPage, EarlyAlarm, EarlyAlarms } from '../ports.ts'
import { sha256 } from './digest.ts'
import { checkSchema, ITEM_SCHEMA, SCHEMA } from './item-schema.ts'
import { dueShardOf, epochSeconds, type Item, type Key } from './session-items.ts'

/** Partitions: 4 take the pages of half a million events a second, and each is a read at every sweep. */
const SHARDS = 4
/** How far apart the alarms of one item may be: about as far as two sweeps, so that it is looked at once or twice. */
const SPAN_MS = 60_000
/** Of the users in one item, far below what an item may hold. */
const CHARACTERS_MAX = 32 * 1024
const INFLATED_BYTES_MAX = 1024 * 1024
const PAGES_AT_ONCE = 4
/** Digits of the largest safe integer: padded, times compare as text. */
const TIME_DIGITS = 16

export function dynamoEarlyAlarms(client: DynamoDBDocumentClient, table: string): EarlyAlarms {
  return {
    put: async (alarms) => {
      const write = (page: readonly EarlyAlarm[]) =>
        client.send(new PutCommand({ TableName: table, Item: pageItem({ id: pageId(page), alarms: page }) }))
      await pMap(toPages(alarms), write, { concurrency: PAGES_AT_ONCE })
    },

    due: (atMs) => queryPages(client, table, atMs),

    remove: async (id) => {
      await client.send(new DeleteCommand({ TableName: table, Key: pageKey(id) }))
    },

    erase: async (user) => {
      for await (const pages of queryPages(client, table, Number.MAX_SAFE_INTEGER)) {
        const named = pages.filter(({ alarms }) => alarms.some((alarm) => alarm.user === user))
        for (const page of named) await eraseFrom(client, table, page, user)
      }
    },
  }
}

async function* queryPages(
  client: DynamoDBDocumentClient,
  table: string,
  atMs: number,
): AsyncIterable<readonly AlarmPage[]> {
  for (let shard = 0; shard < SHARDS; shard++) {
    const query = {
      TableName: table,
      KeyConditionExpression: '#pk = :alarms AND #sk < :after',
      ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
      ExpressionAttributeValues: { ':alarms': shardKey(shard), ':after': timeKey(Math.floor(atMs) + 1) },
      ConsistentRead: true,
    }
    for await (const { Items: items } of paginateQuery({ client }, query)) yield (items ?? []).map(readPage)
  }
}

async function eraseFrom(
  client: DynamoDBDocumentClient,
  table: string,
  { id, alarms }: AlarmPage,
  user: string,
): Promise<void> {
  const others = alarms.filter((alarm) => alarm.user !== user)
  if (others.length === 0) {
    await client.send(new DeleteCommand({ TableName: table, Key: pageKey(id) }))
    return
  }
  const item = pageItem({ id, alarms: others })
  const condition = `attribute_exists(${PARTITION_KEY})`
  try {
    await client.send(new PutCommand({ TableName: table, Item: item, ConditionExpression: condition }))
  } catch (error) {
    // The sweeper was done with it.
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

function shardKey(shard: number): string {
  return `${ALARMS}#${shard}`
}

function pageKey(id: string): Key {
  return { [PARTITION_KEY]: shardKey(dueShardOf(id) % SHARDS), [SORT_KEY]: id }
}

/** Begins with the time of its first alarm, so that pages sort by it. */
function pageId(page: readonly EarlyAlarm[]): string {
  return `${timeKey(startOf(page))}#${sha256(JSON.stringify(page)).slice(0, 16)}`
}

function timeKey(atMs: number): string {
  return String(Math.min(Math.ceil(atMs), Number.MAX_SAFE_INTEGER)).padStart(TIME_DIGITS, '0')
}

function startOf(page: readonly EarlyAlarm[]): number {
  return Math.min(...page.map(({ atMs }) => atMs))
}

function pageItem({ id, alarms }: AlarmPage): Item {
  const startMs = startOf(alarms)
  const rows = alarms.map(({ user, atMs }) => [user, atMs - startMs])
  return {
    ...pageKey(id),
    [KIND]: ALARMS,
    [SCHEMA]: ITEM_SCHEMA,
    start: startMs,
    users: deflateRawSync(JSON.stringify(rows), { level: 9 }),
    // Past the time that any shard may lag and hold the sweeper back.
    [EXPIRES_AT]: epochSeconds(startMs + SPAN_MS + DELIVERY_MS_MAX),
  }
}

function readPage(item: Item): AlarmPage {
  checkSchema(item)
  const text = inflateRawSync(item.users as Uint8Array, { maxOutputLength: INFLATED_BYTES_MAX }).toString('utf8')
  const rows = JSON.parse(text) as [user: string, sinceStartMs: number][]
  const alarms = rows.map(([user, sinceStartMs]) => ({ user, atMs: (item.start as number) + sinceStartMs }))
  return { id: String(item[SORT_KEY]), alarms }
}

/** Earliest first, none empty. */
function toPages(alarms: readonly EarlyAlarm[]): EarlyAlarm[][] {
  const pages: EarlyAlarm[][] = []
  let startMs = Number.NEGATIVE_INFINITY
  let characters = 0
  for (const alarm of [...alarms].sort((a, b) => a.atMs - b.atMs)) {
    if (pages.length === 0 || alarm.atMs - startMs > SPAN_MS || characters + alarm.user.length > CHARACTERS_MAX) {
      pages.push([])
      startMs = alarm.atMs
      characters = 0
    }
    pages.at(-1)?.push(alarm)
    characters += alarm.user.length
  }
  return pages
}
