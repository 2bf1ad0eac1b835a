// Tests the timer stores in memory and on DynamoDB by their contract, and the size of the items on
// DynamoDB.

import { randomUUID } from 'node:crypto'
import { PutCommand, paginateScan } from '@aws-sdk/lib-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { sessionsSpec } from '../../../bench/bench-tables.ts'
import { dynamoTimerStore } from '../../../functions/aws/sessions-table/timer-store.ts'
import { memoryTimerStore } from '../../../functions/memory/memory-stores.ts'
import type { TimerPage, TimerStore } from '../../../functions/ports.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { at } from '../../support/events.ts'
import { makeTables } from '../../support/tables.ts'
import { ALL, listsOf, timerStoreContract, usersOf } from './timer-store-contract.ts'

const emulated = emulatedDynamo()
let table: string

async function emptyTable(): Promise<TimerStore> {
  table = `sessions-${randomUUID()}`
  await makeTables([sessionsSpec(table)], emulated.clients)
  return dynamoTimerStore(emulated.clients.dynamodb, table)
}

timerStoreContract('on DynamoDB', emptyTable)
timerStoreContract('in memory', async () => memoryTimerStore())

async function items(): Promise<Record<string, unknown>[]> {
  const found = []
  for await (const page of paginateScan({ client: emulated.clients.dynamodb }, { TableName: table })) {
    found.push(...(page.Items ?? []))
  }
  return found
}

describe('pages of timers', () => {
  let timers: TimerStore
  beforeEach(async () => {
    timers = await emptyTable()
  })

  it('hold timers of about the same time, with the time of each', async () => {
    await timers.put([75, 31, 30, 90.001].map((second) => ({ user: `user ${second}`, atMs: at(second) })))
    const pages = (await listsOf(timers)).flat().sort((a, b) => a.startMs - b.startMs)
    expect(pages.map((page) => page.timers)).toEqual([
      [30, 31, 75].map((second) => ({ user: `user ${second}`, atMs: at(second) })),
      [{ user: 'user 90.001', atMs: at(90.001) }],
    ])
    expect(await items()).toHaveLength(2)
  })

  it('cost a few hundredths of a write for each timer', async () => {
    await timers.put(Array.from({ length: 500 }, () => ({ user: randomUUID(), atMs: at(1) })))
    const bytes = (await items()).reduce((sum, item) => sum + (item.timers as Uint8Array).length, 0)
    expect(bytes).toBeLessThan(500 * 32)
  })

  it.each([249, 250, 499, 500, 1999, 2000])('share a minute of %i timers evenly', async (count) => {
    await timers.put(Array.from({ length: count }, (_, n) => ({ user: `user ${n}`, atMs: at((n * 7) % 60) })))
    const sizes = (await listsOf(timers)).flat().map((page) => page.timers.length)
    expect(sizes).toHaveLength(count < 500 ? 1 : count < 1000 ? 2 : count < 2000 ? 4 : 8)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  })

  it('never expire, since only the sweeper removes them', async () => {
    await timers.put([{ user: 'ann', atMs: at(1) }])
    expect((await items()).map((item) => item.expires_at)).toEqual([undefined])
  })

  it('stay small however many and long the users are', async () => {
    const users = Array.from({ length: 600 }, (_, n) => `${n} ${'ü'.repeat(200)}${randomUUID()}`)
    await timers.put(users.map((user) => ({ user, atMs: at(1) })))
    expect(await usersOf(timers)).toEqual([...users].sort())
    const sizes = (await items()).map((item) => (item.timers as Uint8Array).length)
    expect(Math.max(...sizes)).toBeLessThan(128 * 1024)
  })

  it('are all read before an unreadable page makes the list fail', async () => {
    const { client } = emulated
    const put = async (user: string) => {
      await timers.put([{ user, atMs: at(1) }])
      return (await items()).find((item) => !seen.has(item.sk)) as Record<string, unknown>
    }
    const seen = new Set<unknown>()
    const first = await put('ann')
    seen.add(first.sk)
    for (let n = 0; n < 9; n++) await timers.put([{ user: `user ${n}`, atMs: at(2) }])
    await client.send(new PutCommand({ TableName: table, Item: { ...first, schema: 999 } }))
    const found: string[] = []
    const read = async (list: AsyncIterable<readonly TimerPage[]>) => {
      for await (const pages of list) found.push(...pages.flatMap((page) => page.timers.map(({ user }) => user)))
    }
    const ends = await Promise.allSettled(timers.lists(ALL).map(read))
    expect(found.sort()).toEqual(Array.from({ length: 9 }, (_, n) => `user ${n}`))
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  })
})
