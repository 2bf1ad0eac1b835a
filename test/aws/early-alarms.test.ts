// Early alarms on DynamoDB: what is put is due at its time, in few small items, until it is removed or its user forgotten.

import { randomUUID } from 'node:crypto'
import { paginateScan } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sessionsSpec } from '../../bench/bench-tables.ts'
import { dynamoEarlyAlarms } from '../../functions/aws/early-alarms.ts'
import type { EarlyAlarms } from '../../functions/ports.ts'
import { type Clients, localClients } from '../../local/clients.ts'
import { type Endpoints, startEndpoints } from '../../local/endpoints.ts'
import { at, DAY } from '../support/events.ts'
import { makeTables } from '../support/tables.ts'

let endpoints: Endpoints
let clients: Clients
let table: string
let alarms: EarlyAlarms

beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
  clients = localClients(endpoints)
})

beforeEach(async () => {
  table = `sessions-${randomUUID()}`
  await makeTables([sessionsSpec(table)], clients)
  alarms = dynamoEarlyAlarms(clients.dynamodb, table)
})

afterAll(async () => {
  clients?.close()
  await endpoints?.stop()
})

async function due(atMs: number) {
  const found = []
  for await (const pages of alarms.due(atMs)) found.push(...pages)
  return found
}

async function usersDue(atMs: number): Promise<string[]> {
  return (await due(atMs)).flatMap((page) => page.alarms.map(({ user }) => user)).sort()
}

async function items(): Promise<Record<string, unknown>[]> {
  const found = []
  for await (const page of paginateScan({ client: clients.dynamodb }, { TableName: table })) {
    found.push(...(page.Items ?? []))
  }
  return found
}

describe('early alarms', () => {
  it('are due at their time and not before', async () => {
    await alarms.put([{ user: 'ben', atMs: at(60) }])
    await alarms.put([{ user: 'ann', atMs: at(30) }])
    expect(await usersDue(at(30) - 1)).toEqual([])
    expect((await due(at(30))).map((page) => page.alarms)).toEqual([[{ user: 'ann', atMs: at(30) }]])
    expect(await usersDue(at(60))).toEqual(['ann', 'ben'])
    expect(await usersDue(Number.MAX_SAFE_INTEGER)).toEqual(['ann', 'ben'])
  })

  it('of about the same time share an item, which is due with the first of them and tells the time of each', async () => {
    const early = [75, 31, 30, 90.001].map((second) => ({ user: `user ${second}`, atMs: at(second) }))
    await alarms.put(early)
    expect((await due(at(30))).map((page) => page.alarms)).toEqual([
      [
        { user: 'user 30', atMs: at(30) },
        { user: 'user 31', atMs: at(31) },
        { user: 'user 75', atMs: at(75) },
      ],
    ])
    expect(await due(at(91))).toHaveLength(2)
  })

  it('are kept once, however often they are put', async () => {
    await alarms.put([{ user: 'ann', atMs: at(1) }])
    await alarms.put([{ user: 'ann', atMs: at(1) }])
    expect(await items()).toHaveLength(1)
  })

  it('are gone when they are removed, and others stay', async () => {
    await alarms.put([{ user: 'ann', atMs: at(1) }])
    await alarms.put([{ user: 'ben', atMs: at(1) }])
    const [page, other] = await due(at(1))
    await alarms.remove(page?.id ?? '')
    expect(await due(at(1))).toEqual([other])
  })

  it('of a user who is erased are gone, from where they were alone and from among others', async () => {
    await alarms.put([{ user: 'ann', atMs: at(1) }])
    await alarms.put([
      { user: 'ben', atMs: at(5) },
      { user: 'ann', atMs: at(2) },
      { user: 'ann', atMs: at(3) },
    ])
    await alarms.erase('ann')
    expect((await due(at(9))).map((page) => page.alarms)).toEqual([[{ user: 'ben', atMs: at(5) }]])
    expect(await items()).toHaveLength(1)
  })

  it('outlast any delay of the sweeper, and then expire', async () => {
    await alarms.put([{ user: 'ann', atMs: at(1) }])
    const [item] = await items()
    expect(item?.expires_at).toBeGreaterThan((at(1) + 7 * DAY) / 1000)
    expect(item?.expires_at).toBeLessThan((at(1) + 9 * DAY) / 1000)
  })

  it('fit in small items however many and long the users are', async () => {
    const users = Array.from({ length: 600 }, (_, n) => `${n} ${'ü'.repeat(200)}${randomUUID()}`)
    await alarms.put(users.map((user) => ({ user, atMs: at(1) })))
    expect(await usersDue(at(1))).toEqual([...users].sort())
    const sizes = (await items()).map((item) => (item.users as Uint8Array).length)
    expect(Math.max(...sizes)).toBeLessThan(128 * 1024)
  })
})
