// Tests that the progress of a shard only moves forward, in whatever order records are applied.

import { randomUUID } from 'node:crypto'
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dynamoEmptyShards, dynamoShardProgress, loadProgress } from '../../../functions/aws/stream/shard-progress.ts'
import { PARTITION_KEY, SORT_KEY } from '../../../functions/contract.ts'
import { type Clients, localClients } from '../../../local/emulators/clients.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import { provision } from '../../../local/emulators/provision.ts'
import { at } from '../../support/events.ts'

const SEED = 20260302
const TABLE = `progress-${randomUUID()}`
/** A sequence number of 56 digits, as Kinesis gives it. */
const LONG = '49590338271490256608559692538361571095921575989136588898'

let endpoints: Endpoints
let clients: Clients

beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
  clients = localClients(endpoints)
  const none = { streams: [], buckets: [], functions: [], mappings: [], schedules: [], outputs: {} }
  const keys = [
    { AttributeName: PARTITION_KEY, KeyType: 'HASH' as const },
    { AttributeName: SORT_KEY, KeyType: 'RANGE' as const },
  ]
  const attributes = keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' as const }))
  const table = { name: TABLE, keySchema: keys, attributes, indexes: [], streamView: null, ttlAttribute: null }
  await provision({ ...none, tables: [table] }, clients)
})

afterAll(async () => {
  clients?.close()
  await endpoints?.stop()
})

describe('the progress of a shard', () => {
  const record = (shard: string, sequenceNumber: string, seconds: number): Promise<void> =>
    dynamoShardProgress(clients.dynamodb, TABLE).record(shard, sequenceNumber, at(seconds))
  const load = (shard: string) => loadProgress(clients.dynamodb, TABLE, shard)

  it('is null before a record is applied', async () => {
    expect(await load('unknown')).toBeNull()
  })

  it('is the last applied record, digit for digit', async () => {
    await record('exact', LONG, 7)
    expect(await load('exact')).toEqual({ sequenceNumber: LONG, arrivalMs: at(7), emptyUntilMs: null })
  })

  it('never moves back, and accepts the same record again', async () => {
    await record('forward', '200', 20)
    await record('forward', '300', 30)
    await record('forward', '200', 20)
    await record('forward', '300', 30)
    expect(await load('forward')).toEqual({ sequenceNumber: '300', arrivalMs: at(30), emptyUntilMs: null })
  })

  it('compares numbers of different lengths as numbers', async () => {
    await record('lengths', '99', 1)
    await record('lengths', '100', 2)
    await record('lengths', '11', 3)
    await record('lengths', LONG, 4)
    await record('lengths', '999999', 5)
    expect(await load('lengths')).toEqual({ sequenceNumber: LONG, arrivalMs: at(4), emptyUntilMs: null })
  })

  it('is stored for each shard apart', async () => {
    await record('one', '5', 1)
    await record('one#progress', '3', 2)
    expect(await load('one')).toEqual({ sequenceNumber: '5', arrivalMs: at(1), emptyUntilMs: null })
    expect(await load('one#progress')).toEqual({ sequenceNumber: '3', arrivalMs: at(2), emptyUntilMs: null })
  })

  it('is the highest applied record, in whatever order records are applied', async () => {
    const sequence = fc.oneof(fc.bigInt({ min: 1n, max: 10n ** 56n }), fc.bigInt({ min: 1n, max: 2000n }))
    await fc.assert(
      fc.asyncProperty(fc.uuid(), fc.array(sequence, { minLength: 1, maxLength: 6 }), async (shard, numbers) => {
        for (const number of numbers) await record(shard, String(number), 1)
        const highest = numbers.toSorted((a, b) => (a < b ? -1 : 1)).at(-1)
        expect((await load(shard))?.sequenceNumber).toBe(String(highest))
      }),
      { seed: SEED, numRuns: 50 },
    )
  })
})

describe('how far a shard is empty', () => {
  const record = (shard: string, sequenceNumber: string, seconds: number): Promise<void> =>
    dynamoShardProgress(clients.dynamodb, TABLE).record(shard, sequenceNumber, at(seconds))
  const empty = () => dynamoEmptyShards(clients.dynamodb, TABLE)
  const emptyUntil = async (shard: string) => (await empty().loadProgress(shard))?.emptyUntilMs ?? null

  it('is stored beside the progress that it follows', async () => {
    await record('beside', LONG, 7)
    await empty().recordEmpty('beside', await empty().loadProgress('beside'), at(90))
    expect(await empty().loadProgress('beside')).toEqual({
      sequenceNumber: LONG,
      arrivalMs: at(7),
      emptyUntilMs: at(90),
    })
  })

  it('is stored for a shard of which ingest has applied no record', async () => {
    await empty().recordEmpty('unused', null, at(90))
    const progress = await empty().loadProgress('unused')
    expect(progress).toEqual({ sequenceNumber: '0', arrivalMs: 0, emptyUntilMs: at(90) })
    await empty().recordEmpty('unused', progress, at(150))
    expect(await emptyUntil('unused')).toBe(at(150))
    expect(await dynamoShardProgress(clients.dynamodb, TABLE).isPassed('unused', '1')).toBe(false)
  })

  it('never moves back', async () => {
    await record('monotone', '5', 7)
    const progress = await empty().loadProgress('monotone')
    await empty().recordEmpty('monotone', progress, at(90))
    await empty().recordEmpty('monotone', progress, at(80))
    expect(await emptyUntil('monotone')).toBe(at(90))
    await empty().recordEmpty('first', null, at(90))
    await empty().recordEmpty('first', null, at(100))
    expect(await emptyUntil('first')).toBe(at(90))
  })

  it('is gone once ingest has applied a later record', async () => {
    await empty().recordEmpty('reset', null, at(90))
    const before = await empty().loadProgress('reset')
    await record('reset', '5', 95)
    expect(await empty().loadProgress('reset')).toEqual({ sequenceNumber: '5', arrivalMs: at(95), emptyUntilMs: null })
    await empty().recordEmpty('reset', before, at(100))
    await empty().recordEmpty('reset', null, at(100))
    expect(await empty().loadProgress('reset')).toEqual({ sequenceNumber: '5', arrivalMs: at(95), emptyUntilMs: null })
  })

  it('stays when ingest applies an old batch again', async () => {
    await record('again', '5', 7)
    await empty().recordEmpty('again', await empty().loadProgress('again'), at(90))
    await record('again', '5', 7)
    await record('again', '4', 6)
    expect(await emptyUntil('again')).toBe(at(90))
  })
})

describe('the progress of a shard on a scripted DynamoDB', () => {
  const scripted = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(scripted)
  const progress = dynamoShardProgress(scripted, 'sessions')

  beforeEach(() => {
    mocked.reset()
  })

  it('stays at a later record when the condition of the write fails', async () => {
    mocked.on(PutCommand).rejects(new ConditionalCheckFailedException({ message: 'no', $metadata: {} }))
    await expect(progress.record('shard', '1', at(1))).resolves.toBeUndefined()
  })

  it('fails with other errors unchanged', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
    mocked.onAnyCommand().rejects(throttled)
    await expect(progress.record('shard', '1', at(1))).rejects.toBe(throttled)
    await expect(loadProgress(scripted, 'sessions', 'shard')).rejects.toBe(throttled)
    await expect(dynamoEmptyShards(scripted, 'sessions').recordEmpty('shard', null, 1)).rejects.toBe(throttled)
  })
})
