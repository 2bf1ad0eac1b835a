// Stores users' timers on DynamoDB, many in one item, and lists them by time.

import { createHash, randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { KIND, PARTITION_KEY, SORT_KEY, TIMER_PAGES, TIMERS } from '../../contract.ts'
import { MINUTE_MS } from '../../domain/durations.ts'
import { nonEmpty } from '../../domain/non-empty.ts'
import type { Timer, TimerPage, TimerStore, TimeSpan } from '../../ports.ts'
import { checkSchema, ITEM_SCHEMA, readItem, SCHEMA } from '../runtime/item-schema.ts'
import { readableItems } from '../runtime/readable-items.ts'
import type { Item, Key } from '../runtime/table-items.ts'

/*
 * A write for each timer would cost as much as a write of the state. So one item, a page, holds the
 * timers of many users that fire within a minute:
 *
 *     pk      timer_pages#2                        one of four partitions
 *     sk      0001772442005000#9f86d081884c7d65#2  page id: earliest time, random, partition
 *     kind    timers
 *     schema  1
 *     start   1772442005000                        the time of the earliest timer
 *     timers  [["ann",0],["ben",2500]]             deflated: each user, and the ms since `start`
 */

/**
 * Four partitions take the pages of half a million events a second. The sweeper queries each one at
 * every sweep.
 */
const PARTITIONS = Array.from({ length: 4 }, (_, n) => `${TIMER_PAGES}#${n}`)
/**
 * How far apart the timers of one page may fire. The span is about the sweep interval, so one or
 * two sweeps read a page.
 */
const SPAN_MS = MINUTE_MS
/** Limits the users of one page, uncompressed, to far less than an item may hold. */
const CHARACTERS_MAX = 32 * 1024
const INFLATED_BYTES_MAX = 1024 * 1024
const PAGES_AT_ONCE = 4
/** The digits of the largest safe integer. Padded to this length, times compare as text. */
const TIME_DIGITS = 16

export function dynamoTimerStore(client: DynamoDBDocumentClient, table: string): TimerStore {
  return {
    put: async (timers) => {
      const write = (page: TimerPage) => client.send(new PutCommand({ TableName: table, Item: pageItem(page) }))
      await pMap(splitIntoPages(timers), write, { concurrency: PAGES_AT_ONCE })
    },

    lists: (span) => PARTITIONS.map((partition) => queryPages(client, table, partition, span)),

    remove: async (id) => {
      await client.send(new DeleteCommand({ TableName: table, Key: pageKey(id) }))
    },
  }
}

/** Yields all pages that can be read, before it throws for one that cannot. */
async function* queryPages(
  client: DynamoDBDocumentClient,
  table: string,
  partition: string,
  { fromMs, toMs }: TimeSpan,
): AsyncIterable<readonly TimerPage[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :timers AND #sk BETWEEN :from AND :after',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
    // An id is longer than its time, so it never equals a bound. The upper bound is therefore
    // exclusive.
    ExpressionAttributeValues: {
      ':timers': partition,
      ':from': timeKey(fromMs),
      ':after': timeKey(Math.floor(toMs) + 1),
    },
    ConsistentRead: true,
  }
  yield* readableItems(paginateQuery({ client }, query), readPage)
}

/**
 * Returns an id that no other page has: pages sort by the time at its beginning, and its end names
 * the partition. Two pages with the same timers get different ids, so that removing one never
 * removes the other.
 */
function newPageId(startMs: number, user: string): string {
  const [spread = 0] = createHash('sha256').update(`${startMs} ${user}`).digest()
  return `${timeKey(startMs)}#${randomBytes(8).toString('hex')}#${spread % PARTITIONS.length}`
}

function pageKey(id: string): Key {
  return { [PARTITION_KEY]: `${TIMER_PAGES}#${id.slice(id.lastIndexOf('#') + 1)}`, [SORT_KEY]: id }
}

function timeKey(atMs: number): string {
  return String(Math.min(Math.ceil(atMs), Number.MAX_SAFE_INTEGER)).padStart(TIME_DIGITS, '0')
}

export function pageItem({ id, startMs, timers }: TimerPage): Item {
  const rows = timers.map(({ user, atMs }) => [user, atMs - startMs])
  return {
    ...pageKey(id),
    [KIND]: TIMERS,
    [SCHEMA]: ITEM_SCHEMA,
    start: startMs,
    timers: deflateRawSync(JSON.stringify(rows), { level: 9 }),
  }
}

function readPage(item: Item): TimerPage {
  checkSchema(item)
  const id = String(item[SORT_KEY])
  return readItem(`the page of timers ${id}`, () => {
    const text = inflateRawSync(item.timers as Uint8Array, { maxOutputLength: INFLATED_BYTES_MAX }).toString('utf8')
    const rows = JSON.parse(text) as [user: string, sinceStartMs: number][]
    const startMs = item.start
    if (typeof startMs !== 'number') throw new TypeError('start: not a number')
    return { id, startMs, timers: nonEmpty(rows.map((row) => readTimer(row, startMs))) }
  })
}

function readTimer([user, sinceStartMs]: [user: string, sinceStartMs: number], startMs: number): Timer {
  const atMs = startMs + sinceStartMs
  if (typeof user !== 'string' || !Number.isFinite(atMs)) throw new TypeError('not a timer')
  return { user, atMs }
}

function splitIntoPages(timers: readonly Timer[]): TimerPage[] {
  const pages: { readonly id: string; readonly startMs: number; readonly timers: [Timer, ...Timer[]] }[] = []
  let characters = 0
  for (const timer of [...timers].sort((a, b) => a.atMs - b.atMs)) {
    const last = pages.at(-1)
    characters += timer.user.length
    if (last !== undefined && timer.atMs - last.startMs <= SPAN_MS && characters <= CHARACTERS_MAX) {
      last.timers.push(timer)
    } else {
      pages.push({ id: newPageId(timer.atMs, timer.user), startMs: timer.atMs, timers: [timer] })
      characters = timer.user.length
    }
  }
  return pages
}
