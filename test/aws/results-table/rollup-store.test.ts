// Tests the rollup stores in memory and on DynamoDB by their contract, and rankings that another
// run claims.

import { randomUUID } from 'node:crypto'
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { expect, it } from 'vitest'
import { resultsSpec } from '../../../bench/bench-tables.ts'
import { dynamoDirtyHours } from '../../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../../functions/aws/results-table/result-store.ts'
import { dynamoRollupStore } from '../../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { SEARCH_COUNTS } from '../../../functions/domain/results/counts.ts'
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import { hourKey, hourRollup } from '../../../functions/domain/results/rollup.ts'
import { SegmentSums } from '../../../functions/domain/results/segment-sums.ts'
import { hourSegments, hourSegmentsKey, type SegmentRollup } from '../../../functions/domain/results/segments.ts'
import { type QueryRollup, queriesPartition } from '../../../functions/domain/results/top-queries.ts'
import { memoryDirtyHours, memoryRollupStore } from '../../../functions/memory/memory-rollups.ts'
import { memoryResultStore } from '../../../functions/memory/memory-stores.ts'
import { UnreadableItemError, VersionConflictError } from '../../../functions/ports.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { makeTables } from '../../support/tables.ts'
import { EXPIRES_MS, rowsOf } from './result-store-contract.ts'
import { rollupStoreContract } from './rollup-store-contract.ts'

const emulated = emulatedDynamo()

rollupStoreContract('in memory', async () => {
  const results = memoryResultStore()
  const store = memoryRollupStore(results.rowsInHour, sha256)
  return {
    store,
    dirtyHours: memoryDirtyHours(),
    put: (row) => results.put(row, EXPIRES_MS),
    queries: async (day) => store.queries.get(day) ?? [],
  }
})

async function newTable(): Promise<string> {
  const table = resultsSpec(`results-${randomUUID()}`)
  await makeTables([table], emulated.clients)
  return table.name
}

/** Returns the entries in the order of list and rank, without their metadata. */
async function storedQueries(table: string, day: string): Promise<QueryRollup[]> {
  const command = new QueryCommand({
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': queriesPartition(day) },
    ConsistentRead: true,
  })
  const { Items: items = [] } = await emulated.client.send(command)
  const queries = items.filter(({ kind }) => kind === 'query')
  const order = ['top', 'without_click', 'without_results']
  queries.sort((a, b) => order.indexOf(a.list) - order.indexOf(b.list) || a.rank - b.rank)
  return queries.map(({ revision, computed_at, expires_at, ...query }) => query as QueryRollup)
}

rollupStoreContract('on DynamoDB', async () => {
  const table = await newTable()
  const results = dynamoResultStore(emulated.client, table)
  return {
    store: dynamoRollupStore(emulated.client, table),
    dirtyHours: dynamoDirtyHours(emulated.client, table),
    put: (row: ResultRow) => results.put(row, EXPIRES_MS),
    queries: (day) => storedQueries(table, day),
  }
})

it('a rollup holds its time of computation and expires', async () => {
  const table = await newTable()
  const metadata = { computedAtMs: Date.parse('2026-03-02T10:00:00.123Z'), expiresAtMs: EXPIRES_MS }
  await dynamoRollupStore(emulated.client, table).save(hourRollup('2026-03-02T09', { searches: 1 }), 0, metadata)
  const { Item: item } = await emulated.client.send(new GetCommand({ TableName: table, Key: hourKey('2026-03-02T09') }))
  expect(item).toMatchObject({ computed_at: '2026-03-02T10:00:00.123Z', expires_at: EXPIRES_MS / 1000, revision: 1 })
})

const METADATA = { computedAtMs: 0, expiresAtMs: EXPIRES_MS }

function shopHour(): SegmentRollup {
  const sums = new SegmentSums(['application'], sha256)
  for (const row of rowsOf(5)) sums.add({ ...row, labels: { application: 'shop' } })
  return hourSegments('application', '2026-03-02T00', sums.all(50)[0]?.values ?? [], null)
}

it('the values of a label can be read without this code, and the zeros are left out', async () => {
  const table = await newTable()
  await dynamoRollupStore(emulated.client, table).save(shopHour(), 0, METADATA)
  const Key = hourSegmentsKey('application', '2026-03-02T00')
  const { Item: item } = await emulated.client.send(new GetCommand({ TableName: table, Key }))
  const { searches, searches_with_click: clicked } = shopHour().values[0]?.counts ?? {}
  const [shop] = item?.values ?? []
  expect(item?.values).toHaveLength(1)
  expect(shop).toMatchObject({
    value: 'shop',
    searches,
    searches_with_click: clicked,
    ctr: Number(clicked) / Number(searches),
  })
  expect(SEARCH_COUNTS.filter((name) => shop[name] === 0)).toEqual([])
  expect(SEARCH_COUNTS.filter((name) => shop[name] === undefined)).not.toEqual([])
  expect(item?.buckets).toBeInstanceOf(Uint8Array)
})

it.each<[string, (item: Record<string, unknown>) => object]>([
  ['no buckets', ({ buckets, ...item }) => item],
  ['buckets that no text was deflated to', (item) => ({ ...item, buckets: new Uint8Array([1, 2, 3]) })],
  ['no values', ({ values, ...item }) => item],
  ['a value too many', ({ values, ...item }) => ({ ...item, values: [...(values as object[]), { value: 'blog' }] })],
  ['a value without its name', (item) => ({ ...item, values: [{ searches: 1 }] })],
  ['a count that is a text', (item) => ({ ...item, values: [{ value: 'shop', searches: 'many' }] })],
  ['an expiry that is no time', (item) => ({ ...item, rows_expire_at: 'soon' })],
])('sums by label with %s are unreadable, and so is their day', async (_, damage) => {
  const table = await newTable()
  const store = dynamoRollupStore(emulated.client, table)
  await store.save(shopHour(), 0, METADATA)
  const Key = hourSegmentsKey('application', '2026-03-02T00')
  const { Item: item = {} } = await emulated.client.send(new GetCommand({ TableName: table, Key }))
  await emulated.client.send(new PutCommand({ TableName: table, Item: damage(item) }))
  await expect(store.load(Key)).rejects.toBeInstanceOf(UnreadableItemError)
  await expect(store.segmentHoursOf('2026-03-02', 'application')).rejects.toBeInstanceOf(UnreadableItemError)
})

it('a ranking writes nothing more once another run has claimed it', async () => {
  const table = await newTable()
  const overtaken = {
    send: async (command: { input: object }) => {
      if (command.constructor.name === 'TransactWriteCommand') {
        const Item = { pk: queriesPartition('2026-03-02'), sk: 'ranking', revision: 99 }
        await emulated.client.send(new PutCommand({ TableName: table, Item }))
      }
      return emulated.client.send(command as GetCommand)
    },
  }
  const store = dynamoRollupStore(Object.assign(Object.create(emulated.client), overtaken), table)
  const [query] = [{ sk: 'top#0001', pk: queriesPartition('2026-03-02'), kind: 'query', list: 'top', rank: 1 }]
  await expect(store.saveRanking('2026-03-02', [query as QueryRollup], 0, METADATA)).rejects.toBeInstanceOf(
    VersionConflictError,
  )
  expect(await storedQueries(table, '2026-03-02')).toEqual([])
})

it('a ranking sends no empty key value, which DynamoDB refuses', async () => {
  const table = await newTable()
  const values: unknown[] = []
  const recording = {
    send: (command: { input: { ExpressionAttributeValues?: object } }) => {
      values.push(...Object.values(command.input.ExpressionAttributeValues ?? {}))
      return emulated.client.send(command as GetCommand)
    },
  }
  const store = dynamoRollupStore(Object.assign(Object.create(emulated.client), recording), table)
  await store.saveRanking('2026-03-02', [], 0, METADATA)
  expect(values).toContain(queriesPartition('2026-03-02'))
  expect(values).not.toContain('')
})
