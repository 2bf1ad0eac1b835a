// Tests the result stores in memory and on DynamoDB by their contract, and expiry and errors on a
// scripted DynamoDB.

import { randomUUID } from 'node:crypto'
import { DynamoDBClient, ProvisionedThroughputExceededException, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { resultsSpec } from '../../../bench/bench-tables.ts'
import { isRow, toRow } from '../../../functions/aws/results-table/result-items.ts'
import { dynamoResultStore } from '../../../functions/aws/results-table/result-store.ts'
import { EXPIRES_AT, HOUR_INDEX } from '../../../functions/contract.ts'
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import { memoryResultStore } from '../../../functions/memory/memory-stores.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { makeTables } from '../../support/tables.ts'
import { EXPIRES_MS, resultStoreContract, rowsOf } from './result-store-contract.ts'

const emulated = emulatedDynamo()

resultStoreContract('in memory', async () => {
  const store = memoryResultStore()
  return { store, read: async (pk, sk) => store.rows.get(JSON.stringify([pk, sk])) }
})

resultStoreContract('on DynamoDB', async () => {
  const table = resultsSpec(`results-${randomUUID()}`)
  await makeTables([table], emulated.clients)
  const read = async (pk: string, sk: string): Promise<ResultRow | undefined> => {
    const command = new GetCommand({ TableName: table.name, Key: { pk, sk }, ConsistentRead: true })
    const { Item: item } = await emulated.client.send(command)
    return item === undefined || !isRow(item) ? undefined : toRow(item)
  }
  return { store: dynamoResultStore(emulated.client, table.name), read }
})

it('the hour index holds the row of the longest query', async () => {
  const table = resultsSpec(`results-${randomUUID()}`)
  await makeTables([table], emulated.clients)
  const query = '🐈'.repeat(1024)
  const row = { ...(rowsOf(5)[0] as ResultRow), query } as ResultRow
  await dynamoResultStore(emulated.client, table.name).put(row, EXPIRES_MS)
  const { Item: item } = await emulated.client.send(
    new GetCommand({ TableName: table.name, Key: { pk: row.pk, sk: row.sk } }),
  )
  expect(Buffer.byteLength(String(item?.slice_key))).toBeLessThanOrEqual(1024)
  expect(item?.query).toBe(query)
})

it('a removed row leaves its key, its version and an expiry, and nothing in the hour index', async () => {
  const table = resultsSpec(`results-${randomUUID()}`)
  await makeTables([table], emulated.clients)
  const row = rowsOf(5)[0] as ResultRow
  const store = dynamoResultStore(emulated.client, table.name)
  await store.put(row, EXPIRES_MS)
  await store.remove(row, EXPIRES_MS)
  const { Items: items } = await emulated.client.send(new ScanCommand({ TableName: table.name }))
  const { pk, sk } = row
  expect(items).toEqual([{ pk, sk, kind: 'removed', version: 5, expires_at: EXPIRES_MS / 1000 }])
  const index = new ScanCommand({ TableName: table.name, IndexName: HOUR_INDEX.name })
  expect((await emulated.client.send(index)).Items).toEqual([])
})

describe('a result store on a scripted DynamoDB', () => {
  const scripted = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(scripted)
  const store = dynamoResultStore(scripted, 'results')
  const row = rowsOf(5)[0] as ResultRow

  beforeEach(() => {
    mocked.reset()
  })

  it('lets rows expire in seconds, never early', async () => {
    mocked.on(PutItemCommand).resolves({})
    await store.put(row, 1_900_000_000_001)
    expect(mocked.commandCalls(PutItemCommand)[0]?.args[0].input.Item?.[EXPIRES_AT]).toEqual({ N: '1900000001' })
  })

  it('throws the error of a throttled table unchanged', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
    mocked.on(PutItemCommand).rejects(throttled)
    await expect(store.put(row, EXPIRES_MS)).rejects.toBe(throttled)
    await expect(store.remove(row, EXPIRES_MS)).rejects.toBe(throttled)
  })
})
