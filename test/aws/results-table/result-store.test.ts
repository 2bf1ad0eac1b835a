// Tests the result stores in memory and on DynamoDB by their contract, and expiry and errors on a
// scripted DynamoDB.

import { randomUUID } from 'node:crypto'
import { DynamoDBClient, ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { resultsSpec } from '../../../bench/bench-tables.ts'
import { toRow } from '../../../functions/aws/results-table/result-items.ts'
import { dynamoResultStore } from '../../../functions/aws/results-table/result-store.ts'
import { EXPIRES_AT } from '../../../functions/contract.ts'
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
    if (item === undefined) return undefined
    return toRow(item)
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

describe('a result store on a scripted DynamoDB', () => {
  const scripted = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(scripted)
  const store = dynamoResultStore(scripted, 'results')
  const row = rowsOf(5)[0] as ResultRow

  beforeEach(() => {
    mocked.reset()
  })

  it('lets rows expire in seconds, never early', async () => {
    mocked.on(PutCommand).resolves({})
    await store.put(row, 1_900_000_000_001)
    expect(mocked.commandCalls(PutCommand)[0]?.args[0].input.Item?.[EXPIRES_AT]).toBe(1_900_000_001)
  })

  it('throws the error of a throttled table unchanged', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
    mocked.on(PutCommand).rejects(throttled)
    mocked.on(DeleteCommand).rejects(throttled)
    await expect(store.put(row, EXPIRES_MS)).rejects.toBe(throttled)
    await expect(store.remove(row, 6)).rejects.toBe(throttled)
  })
})
