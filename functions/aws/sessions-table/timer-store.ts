// Stores users' timers on DynamoDB, many in one item, and lists them by time.

import { randomBytes, randomInt } from 'node:crypto'
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { KIND, PARTITION_KEY, SORT_KEY, SWEEPERS_MAX, TIMER_PAGES, TIMERS } from '../../contract.ts'
import { MINUTE_MS } from '../../domain/durations.ts'
import { type NonEmpty, nonEmpty } from '../../domain/non-empty.ts'
import { ALL_WORK, isInShare } from '../../domain/work-share.ts'
import type { PageSpan, Timer, TimerPage, TimerStore } from '../../ports.ts'
import { deflateText, inflateText } from '../runtime/deflated-text.ts'
import { checkSchema, ITEM_SCHEMA, readItem, SCHEMA } from '../runtime/item-schema.ts'
import { readableItems } from '../runtime/readable-items.ts'
import type { Item, Key } from '../runtime/table-items.ts'

/*
 * A write for each timer would cost as much as a write of the state. So one item, a page, holds the
 * timers of many users that fire within a minute:
 *
 *     pk      timer_pages#2                         one of four partitions
 *     sk      0001772442005000#9f86d081884c7d65#10  page id: earliest time, random, page number
 *     kind    timers
 *     schema  1
 *     start   1772442005000                         the time of the earliest timer
 *     timers  [["ann",0],["ben",2500]]              deflated: each user, and the ms since `start`
 */

/**
 * Four partitions take the pages of half a million events a second. Every sweep queries each one
 * that has pages of its share. The page's number modulo four is its partition.
 */
const PARTITIONS = 4
/**
 * How far apart the timers of one page may fire. The span is about the sweep interval, so one or
 * two sweeps read a page.
 */
const SPAN_MS = MINUTE_MS
/**
 * Timers of one minute make 2, 4 or more pages, once each has so many users. So the sweepers get
 * equal parts of a full batch. Pages smaller than this would cost more units.
 */
const USERS_MIN = 250
/** Limits the users of one page, uncompressed, to far less than an item may hold. */
const CHARACTERS_MAX = 32 * 1024
const INFLATED_BYTES_MAX = 1024 * 1024
const PAGES_AT_ONCE = 4
/** The digits of the largest safe integer. Padded to this length, times compare as text. */
const TIME_DIGITS = 16

export function dynamoTimerStore(client: DynamoDBDocumentClient, table: string): TimerStore {
  // Pages have numbers in turn, so that each sweeper gets as many as any other.
  let pages = randomInt(SWEEPERS_MAX)
  return {
    put: async (timers) => {
      const write = (ofPage: NonEmpty<Timer>) => {
        const [{ atMs: startMs }] = ofPage
        const page = { id: newPageId(startMs, pages++ % SWEEPERS_MAX), startMs, timers: ofPage }
        return client.send(new PutCommand({ TableName: table, Item: pageItem(page) }))
      }
      await pMap(splitIntoPages(timers), write, { concurrency: PAGES_AT_ONCE })
    },

    lists: (span) =>
      Array.from({ length: PARTITIONS }, (_, partition) => partition)
        .filter((partition) => holdsSharedPages(partition, span))
        .map((partition) => queryPages(client, table, partition, span)),

    remove: async (id) => {
      await client.send(new DeleteCommand({ TableName: table, Key: pageKey(id) }))
    },
  }
}

function holdsSharedPages(partition: number, { share = ALL_WORK }: PageSpan): boolean {
  for (let number = partition; number < SWEEPERS_MAX; number += PARTITIONS) if (isInShare(number, share)) return true
  return false
}

/**
 * Yields all pages of the share that can be read, before it throws for one that cannot. Where more
 * sweepers than partitions are at work, several read the same one, which costs little.
 */
async function* queryPages(
  client: DynamoDBDocumentClient,
  table: string,
  partition: number,
  { fromMs, toMs, share = ALL_WORK }: PageSpan,
): AsyncIterable<readonly TimerPage[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :timers AND #sk BETWEEN :from AND :after',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
    // An id is longer than its time, so it never equals a bound. The upper bound is therefore
    // exclusive.
    ExpressionAttributeValues: {
      ':timers': `${TIMER_PAGES}#${partition}`,
      ':from': timeKey(fromMs),
      ':after': timeKey(Math.floor(toMs) + 1),
    },
    ConsistentRead: true,
  }
  const isWanted = (item: Item): boolean => isInShare(numberOf(String(item[SORT_KEY])), share)
  yield* readableItems(paginateQuery({ client }, query), readPage, isWanted)
}

/**
 * Returns an id that no other page has: pages sort by the time at its beginning, and its end is the
 * page's number. Two pages with the same timers get different ids, so that removing one never
 * removes the other.
 */
function newPageId(startMs: number, number: number): string {
  return `${timeKey(startMs)}#${randomBytes(8).toString('hex')}#${number}`
}

function pageKey(id: string): Key {
  return { [PARTITION_KEY]: `${TIMER_PAGES}#${numberOf(id) % PARTITIONS}`, [SORT_KEY]: id }
}

function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('#') + 1))
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
    timers: deflateText(JSON.stringify(rows)),
  }
}

function readPage(item: Item): TimerPage {
  checkSchema(item)
  const id = String(item[SORT_KEY])
  return readItem(`the page of timers ${id}`, () => {
    const rows = JSON.parse(inflateText(item.timers as Uint8Array, INFLATED_BYTES_MAX)) as [
      user: string,
      sinceStartMs: number,
    ][]
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

/** Returns the timers of each page, the earliest first. */
function splitIntoPages(timers: readonly Timer[]): NonEmpty<Timer>[] {
  const pages: NonEmpty<Timer>[] = []
  let together: Timer[] = []
  for (const timer of [...timers].sort((a, b) => a.atMs - b.atMs)) {
    if (timer.atMs - (together[0] ?? timer).atMs > SPAN_MS) {
      pages.push(...splitEvenly(together))
      together = []
    }
    together.push(timer)
  }
  return [...pages, ...splitEvenly(together)]
}

function splitEvenly(timers: readonly Timer[]): NonEmpty<Timer>[] {
  const parts = 2 ** Math.max(0, Math.floor(Math.log2(timers.length / USERS_MIN)))
  const ends = Array.from({ length: parts + 1 }, (_, n) => Math.round((n * timers.length) / parts))
  return ends.slice(1).flatMap((end, n) => splitByLength(timers.slice(ends[n], end)))
}

function splitByLength(timers: readonly Timer[]): NonEmpty<Timer>[] {
  const pages: [Timer, ...Timer[]][] = []
  let characters = 0
  for (const timer of timers) {
    const last = pages.at(-1)
    characters += timer.user.length
    if (last !== undefined && characters <= CHARACTERS_MAX) {
      last.push(timer)
    } else {
      pages.push([timer])
      characters = timer.user.length
    }
  }
  return pages
}
