// Tests how the functions' SDK clients retry against a service that loses its answers.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bucketDeadLetters } from '../../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { boundedRequests } from '../../../functions/aws/runtime/bounded-requests.ts'
import { documentClient, writingClient } from '../../../functions/aws/runtime/document-client.ts'
import { singleWriter } from '../../../functions/aws/runtime/item-writer.ts'
import { keyedPseudonym, storedPseudonym } from '../../../functions/aws/runtime/pseudonym.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { LOCAL_CONFIG, LOCAL_ENVIRONMENT } from '../../../local/emulators/clients.ts'
import { at } from '../../support/events.ts'
import { type Given, silentServer } from '../../support/silent-server.ts'
import { EXPIRES_MS, stateOf } from '../sessions-table/session-samples.ts'

/** Short, so that the tests are fast, and still long for an answer from the same machine. */
const ANSWER_MS = 500
const LOST: [Given][] = [['nothing'], ['half']]
const KEY = 'a key that is long enough, and secret'

beforeEach(() => {
  for (const [name, value] of Object.entries(LOCAL_ENVIRONMENT)) vi.stubEnv(name, value)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each(LOST)('after a first answer of which %s arrives', (given) => {
  it('the client writes a state again by the same request', async () => {
    const { endpoint, requests } = await silentServer([given], {})
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    const client = documentClient(ANSWER_MS)
    await dynamoSessionStore(client, 'sessions', singleWriter(writingClient(client))).saveUser(
      'ann',
      stateOf(1),
      0,
      EXPIRES_MS,
    )
    expect(requests).toEqual([requests[0], requests[0]])
    expect(requests[0]).toContain('attribute_not_exists(pk)')
  })

  it('the client reads an item again', async () => {
    const { endpoint, requests } = await silentServer([given], { Item: { pk: { S: 'ann' } } })
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    const read = await documentClient(ANSWER_MS).send(new GetCommand({ TableName: 'sessions', Key: { pk: 'ann' } }))
    expect(read.Item).toEqual({ pk: 'ann' })
    expect(requests).toHaveLength(2)
  })

  it('the client waits as long as ANSWER_MS allows where a local run sets it', async () => {
    const { endpoint, requests } = await silentServer([given], {})
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    vi.stubEnv('ANSWER_MS', String(ANSWER_MS))
    await documentClient(600_000).send(new GetCommand({ TableName: 'sessions', Key: { pk: 'ann' } }))
    expect(requests).toHaveLength(2)
  })

  it('the client reads a stream again', async () => {
    const { endpoint, requests } = await silentServer([given], { Shards: [] })
    vi.stubEnv('AWS_ENDPOINT_URL_KINESIS', endpoint)
    const client = new KinesisClient(boundedRequests(ANSWER_MS))
    expect(await client.send(new ListShardsCommand({ StreamName: 'events' }))).toMatchObject({ Shards: [] })
    expect(requests).toHaveLength(2)
  })

  it('the client reads the secret again', async () => {
    const { endpoint, requests } = await silentServer([given], { SecretString: KEY })
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', endpoint)
    const pseudonym = await storedPseudonym('users', ANSWER_MS)()
    expect(pseudonym('ann')).toBe(keyedPseudonym(KEY)('ann'))
    expect(requests).toHaveLength(2)
  })
})

describe('a service that does not answer', () => {
  it('receives the same dead letters again', async () => {
    const { endpoint, requests } = await silentServer(['nothing'], {})
    vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint)
    const deadLetter = { shardId: 'shard-1', sequenceNumber: '1', subSequence: null, arrivalMs: at(0), data: 'bm8=' }
    await bucketDeadLetters('dead-letters', ANSWER_MS).put([{ ...deadLetter, reason: 'not_json', detail: '' } as never])
    expect(requests).toEqual([requests[0], requests[0]])
    expect(requests[0]).toContain('bm8=')
  })

  it('is given up after four tries', async () => {
    const { endpoint, requests } = await silentServer(Array<Given>(5).fill('nothing'), {})
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    const client = documentClient(ANSWER_MS / 2)
    const store = dynamoSessionStore(client, 'sessions', singleWriter(writingClient(client)))
    await expect(store.saveUser('ann', stateOf(1), 0, EXPIRES_MS)).rejects.toThrow('250 ms requestTimeout')
    expect(requests).toHaveLength(4)
  })
})

describe('the client for frequent writes', () => {
  it('sends its writes to the endpoint of the document client', async () => {
    const { endpoint, requests } = await silentServer([], {})
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({ ...LOCAL_CONFIG, endpoint }))
    await dynamoSessionStore(client, 'sessions', singleWriter(writingClient(client))).saveUser(
      'ann',
      stateOf(1),
      0,
      EXPIRES_MS,
    )
    expect(requests).toHaveLength(1)
  })
})
