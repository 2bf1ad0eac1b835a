// Tests how a read of many items waits before it asks again for the keys that DynamoDB left out.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { batchGet, UnprocessedKeysError } from '../../../functions/aws/sessions-table/batch-get.ts'

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
const mocked = mockClient(client)
const KEYS = ['ann', 'ben'].map((user) => ({ pk: `user#${user}`, sk: 'open' }))

describe('a read of many items', () => {
  let waitsMs: number[]

  beforeEach(() => {
    waitsMs = []
    mocked.reset()
  })

  function read(share: number, triesMax?: number) {
    const wait = async (waitMs: number) => waitsMs.push(waitMs)
    const random = () => share
    return batchGet(client, 'sessions', KEYS, true, { wait, random, ...(triesMax !== undefined && { triesMax }) })
  }

  it('does not wait when DynamoDB returns everything at once', async () => {
    mocked.on(BatchGetCommand).resolves({ Responses: { sessions: KEYS } })
    expect(await read(1)).toEqual(KEYS)
    expect(waitsMs).toEqual([])
  })

  it('waits before it asks for the keys that were left out, and returns the items of all answers', async () => {
    const [ann, ben] = KEYS
    mocked
      .on(BatchGetCommand)
      .resolvesOnce({ Responses: { sessions: [ann ?? {}] }, UnprocessedKeys: { sessions: { Keys: [ben ?? {}] } } })
      .resolves({ Responses: { sessions: [ben ?? {}] } })
    expect(await read(0.5)).toEqual(KEYS)
    expect(waitsMs).toEqual([25])
  })

  it('doubles its longest wait from try to try, up to a second', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(read(1, 8)).rejects.toBeInstanceOf(UnprocessedKeysError)
    expect(waitsMs).toEqual([50, 100, 200, 400, 800, 1000, 1000])
  })

  it('waits a random share of its longest wait', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(read(0.25)).rejects.toThrow('DynamoDB left 2 keys out of 5 answers')
    expect(waitsMs).toEqual([12.5, 25, 50, 100])
  })

  it('names its error', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(read(0)).rejects.toMatchObject({ name: 'UnprocessedKeysError' })
  })
})
