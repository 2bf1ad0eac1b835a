// Bounded requests: a service that loses answers in; what the clients of the functions ask again, and when they give up, out.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bucketDeadLetters } from '../../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { boundedRequests } from '../../../functions/aws/runtime/bounded-requests.ts'
import { documentClient, writingClient } from '../../../functions/aws/runtime/document-client.ts'
import { keyedPseudonym, storedPseudonym } from '../../../functions/aws/runtime/pseudonym.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { LOCAL_CONFIG, LOCAL_ENVIRONMENT } from '../../../local/emulators/clients.ts'
import { at } from '../../support/events.ts'
import { type Given, silentServer } from '../../support/silent-server.ts'
import { EXPIRES_MS, stateOf } from '../sessions-table/session-store-contract.ts'

/** Short, so that nobody waits, and long for an answer of the same machine. */
const ANSWER_MS = 500
const LOST: [Given][] = [['nothing'], ['half']]
const KEY = 'a key that is long enough, and secret'

beforeEach(() => {
  for (const [name, value] of Object.entries(LOCAL_ENVIRONMENT)) vi.stubEnv(name, value)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each(LOST)('of the first answer %s arrives, and', (given) => {
  it('a state is written by the same write again', async () => {
    const { endpoint, requests } = await silentServer([given], {})
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    const client = documentClient(ANSWER_MS)
    await dynamoSessionStore(client, 'sessions', writingClient(client)).saveUser('ann', stateOf(1), 0, EXPIRES_MS)
    expect(requests).toEqual([requests[0], requests[0]])
    expect(requests[0]).toContain('attribute_not_exists(pk)')
  })

  it('an item is read again', async () => {
    const { endpoint, requests } = await silentServer([given], { Item: { pk: { S: 'ann' } } })
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    const read = await documentClient(ANSWER_MS).send(new GetCommand({ TableName: 'sessions', Key: { pk: 'ann' } }))
    expect(read.Item).toEqual({ pk: 'ann' })
    expect(requests).toHaveLength(2)
  })

  it('a stream is read again', async () => {
    const { endpoint, requests } = await silentServer([given], { Shards: [] })
    vi.stubEnv('AWS_ENDPOINT_URL_KINESIS', endpoint)
    const client = new KinesisClient(boundedRequests(ANSWER_MS))
    expect(await client.send(new ListShardsCommand({ StreamName: 'events' }))).toMatchObject({ Shards: [] })
    expect(requests).toHaveLength(2)
  })

  it('the secret is read again', async () => {
    const { endpoint, requests } = await silentServer([given], { SecretString: KEY })
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', endpoint)
    const pseudonym = await storedPseudonym('users', ANSWER_MS)()
    expect(pseudonym('ann')).toBe(keyedPseudonym(KEY)('ann'))
    expect(requests).toHaveLength(2)
  })
})

describe('a service that answers nothing', () => {
  it('is asked for the same dead letters again', async () => {
    const { endpoint, requests } = await silentServer(['nothing'], {})
    vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint)
    const letter = { shardId: 'shard-1', sequenceNumber: '1', subSequence: null, arrivalMs: at(0), data: 'bm8=' }
    await bucketDeadLetters('letters', ANSWER_MS).put([{ ...letter, reason: 'not_json', detail: '' } as never])
    expect(requests).toEqual([requests[0], requests[0]])
    expect(requests[0]).toContain('bm8=')
  })

  it('is given up after four tries', async () => {
    const { endpoint, requests } = await silentServer(Array<Given>(5).fill('nothing'), {})
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    const client = documentClient(ANSWER_MS / 2)
    const store = dynamoSessionStore(client, 'sessions', writingClient(client))
    await expect(store.saveUser('ann', stateOf(1), 0, EXPIRES_MS)).rejects.toThrow('250 ms requestTimeout')
    expect(requests).toHaveLength(4)
  })
})

describe('the client for frequent writes', () => {
  it('writes where the document client that it was made from reads', async () => {
    const { endpoint, requests } = await silentServer([], {})
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({ ...LOCAL_CONFIG, endpoint }))
    await dynamoSessionStore(client, 'sessions', writingClient(client)).saveUser('ann', stateOf(1), 0, EXPIRES_MS)
    expect(requests).toHaveLength(1)
  })
})
