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
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import { hourKey, hourRollup } from '../../../functions/domain/results/rollup.ts'
import { type QueryRollup, queriesPartition } from '../../../functions/domain/results/top-queries.ts'
import { memoryDirtyHours, memoryRollupStore } from '../../../functions/memory/memory-rollups.ts'
import { memoryResultStore } from '../../../functions/memory/memory-stores.ts'
import { VersionConflictError } from '../../../functions/ports.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { makeTables } from '../../support/tables.ts'
import { EXPIRES_MS } from './result-store-contract.ts'
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

it('a ranking writes nothing more once another run has claimed it', async () => {
  const table = await newTable()
  const metadata = { computedAtMs: 0, expiresAtMs: EXPIRES_MS }
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
  await expect(store.saveRanking('2026-03-02', [query as QueryRollup], 0, metadata)).rejects.toBeInstanceOf(
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
  await store.saveRanking('2026-03-02', [], 0, { computedAtMs: 0, expiresAtMs: EXPIRES_MS })
  expect(values).toContain(queriesPartition('2026-03-02'))
  expect(values).not.toContain('')
})
