// Tests how a read of many items waits before it asks again for the keys that DynamoDB left out.

import {
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
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

  function read(share: number, hasTime = () => true) {
    const wait = async (waitMs: number) => waitsMs.push(waitMs)
    return batchGet(client, 'sessions', KEYS, true, { wait, random: () => share, hasTime })
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

  it('doubles its longest wait from try to try, up to a second, and ends after 20 seconds', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(read(1)).rejects.toBeInstanceOf(UnprocessedKeysError)
    expect(waitsMs.slice(0, 7)).toEqual([50, 100, 200, 400, 800, 1000, 1000])
    const totalMs = waitsMs.reduce((sum, waitMs) => sum + waitMs, 0)
    expect(totalMs).toBeGreaterThan(19_000)
    expect(totalMs).toBeLessThanOrEqual(20_000)
  })

  it('waits a random share of its longest wait', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(read(0.25)).rejects.toThrow('DynamoDB left 2 keys out of 24 answers')
    expect(waitsMs.slice(0, 4)).toEqual([12.5, 25, 50, 100])
  })

  it('ends when the invocation has no time left', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(read(1, () => waitsMs.length < 3)).rejects.toThrow('DynamoDB left 2 keys out of 4 answers')
  })

  it('waits the shortest time again after an answer that was only too large', async () => {
    const users = Array.from({ length: 6 }, (_, n) => ({ pk: `user#${n}`, sk: 'open' }))
    mocked.on(BatchGetCommand).callsFake((input) => {
      const [first, ...others] = input.RequestItems.sessions.Keys
      return {
        Responses: { sessions: [first] },
        ...(others.length > 0 && { UnprocessedKeys: { sessions: { Keys: others } } }),
      }
    })
    const wait = async (waitMs: number) => waitsMs.push(waitMs)
    expect(await batchGet(client, 'sessions', users, true, { wait, random: () => 1 })).toEqual(users)
    expect(waitsMs).toEqual([50, 50, 50, 50, 50])
  })

  it('asks again when DynamoDB throttles the whole request', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
    mocked
      .on(BatchGetCommand)
      .rejectsOnce(throttled)
      .rejectsOnce(throttled)
      .resolves({ Responses: { sessions: KEYS } })
    expect(await read(1)).toEqual(KEYS)
    expect(waitsMs).toEqual([50, 100])
  })

  it('throws any other error at once', async () => {
    const missing = new ResourceNotFoundException({ message: 'no table', $metadata: {} })
    mocked.on(BatchGetCommand).rejects(missing)
    await expect(read(1)).rejects.toBe(missing)
    expect(waitsMs).toEqual([])
  })

  it('names its error', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(read(0)).rejects.toMatchObject({ name: 'UnprocessedKeysError' })
  })
})
