// Tests how the store of a ranking answers transactions that DynamoDB cancels, and held items.

import { DynamoDBClient, TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb'
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { dynamoRollupStore } from '../../../functions/aws/results-table/rollup-store.ts'
import { queryRollups } from '../../../functions/domain/results/top-queries.ts'
import { VersionConflictError } from '../../../functions/ports.ts'

const DAY = '2026-03-02'
const QUERIES = queryRollups(DAY, [])

describe('a ranking on a throttled table', () => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(client)
  const metadata = { computedAtMs: 0, expiresAtMs: 1 }
  let waitsMs: number[]
  let timeMs: number

  beforeEach(() => {
    mocked.reset()
    waitsMs = []
    timeMs = 60_000
    mocked.on(GetCommand).resolves({})
    mocked.on(PutCommand).resolves({})
    // An entry that the new ranking no longer has, so that there is one change to write.
    mocked.on(QueryCommand).resolves({ Items: [{ pk: 'rollup#queries', sk: 'top#0001' }] })
  })

  function save() {
    const wait = async (waitMs: number) => {
      waitsMs.push(waitMs)
      timeMs -= 10_000
    }
    const store = dynamoRollupStore(client, 'results', { wait, random: () => 1, hasTime: () => timeMs > 0 })
    return store.saveRanking(DAY, QUERIES, 0, metadata)
  }

  function cancelled(...codes: readonly string[]): TransactionCanceledException {
    const CancellationReasons = codes.map((Code) => ({ Code }))
    return new TransactionCanceledException({ message: 'cancelled', CancellationReasons, $metadata: {} })
  }

  it.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'repeats a transaction that was cancelled by %s',
    async (code) => {
      const error = cancelled('None', code)
      mocked.on(TransactWriteCommand).rejectsOnce(error).rejectsOnce(error).resolves({})
      await save()
      expect(mocked.commandCalls(TransactWriteCommand)).toHaveLength(3)
      expect(waitsMs).toEqual([50, 100])
    },
  )

  it('ends the tries of a transaction with the time of the invocation', async () => {
    mocked.on(TransactWriteCommand).rejects(cancelled('None', 'ThrottlingError'))
    await expect(save()).rejects.toBeInstanceOf(TransactionCanceledException)
    expect(waitsMs).toHaveLength(6)
  })

  it('reports a transaction whose condition failed as a conflict, though another part was throttled', async () => {
    mocked.on(TransactWriteCommand).rejects(cancelled('ConditionalCheckFailed', 'ThrottlingError'))
    await expect(save()).rejects.toBeInstanceOf(VersionConflictError)
    expect(waitsMs).toEqual([])
  })

  it('throws at once for a transaction that would be cancelled again', async () => {
    mocked.on(TransactWriteCommand).rejects(cancelled('None', 'ValidationError'))
    await expect(save()).rejects.toBeInstanceOf(TransactionCanceledException)
    expect(waitsMs).toEqual([])
  })

  it('waits for a transaction of another run that holds the item of the ranking', async () => {
    const held = new TransactionConflictException({ message: 'held', $metadata: {} })
    mocked.on(TransactWriteCommand).resolves({})
    mocked.on(PutCommand).rejectsOnce(held).resolves({})
    await save()
    expect(waitsMs).toEqual([50])
  })
})
