// Tests through real proxies that a request that AWS refuses fails the run by its rule's name.

import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { PutRecordCommand } from '@aws-sdk/client-kinesis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clients, LOCAL_CONFIG, localClients } from '../../../../local/emulators/clients.ts'
import { type Endpoints, startEndpoints } from '../../../../local/emulators/endpoints.ts'
import { provision } from '../../../../local/emulators/provision.ts'
import { NO_FAULTS } from '../../../../local/proxy/chaos.ts'
import { startCheckedEndpoints } from '../../../../local/proxy/checked-endpoints.ts'
import { accessKeyId } from '../../../../local/proxy/enforced-roles.ts'
import { type Proxies, startProxies } from '../../../../local/proxy/proxies.ts'
import { type RequestRules, requestRules } from '../../../../local/proxy/request-rules/request-rules.ts'
import { UserError } from '../../../../terminal/user-error.ts'
import { TABLE } from './sent-requests.ts'

const SCHEMA = {
  ...TABLE,
  indexes: [],
  attributes: TABLE.keySchema.map(({ AttributeName }) => attribute(AttributeName)),
}
const INGEST = { name: 'r1-Ingest', assetFolder: '', environment: {}, timeoutMs: 1000, memoryMb: 128, statements: [] }
const SPEC = { functions: [INGEST], tables: [SCHEMA], titles: new Map([['r1-Ingest', 'Ingest']]) }

function attribute(AttributeName: string) {
  return { AttributeName, AttributeType: 'S' } as const
}

/** An emulator takes this query; AWS does not. */
const EMPTY_PREFIX = new QueryCommand({
  TableName: 'Table',
  KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
  ExpressionAttributeValues: { ':pk': { S: 'user#ann' }, ':sk': { S: '' } },
})

let endpoints: Endpoints
let clients: Clients
beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
  clients = localClients(endpoints)
  await provision({ tables: [SCHEMA], streams: [{ name: 'Events', shards: 1 }], buckets: [] }, clients)
})
afterAll(async () => {
  clients?.close()
  await endpoints?.stop()
})

/** Runs what a function does, with a client that signs as the function and uses the proxies. */
async function asIngest(rules: RequestRules, work: (client: DynamoDBClient) => Promise<unknown>): Promise<unknown> {
  const proxies: Proxies = await startProxies(endpoints, NO_FAULTS, { refusal: () => null }, rules)
  const credentials = { ...LOCAL_CONFIG.credentials, accessKeyId: accessKeyId(INGEST.name) }
  const client = new DynamoDBClient({ ...LOCAL_CONFIG, credentials, endpoint: proxies.endpoints.dynamodb })
  const invoked = rules.checkedOn({ invoke: () => work(client), stop: async () => {} })
  try {
    return await invoked.invoke({})
  } finally {
    client.destroy()
    await proxies.stop()
  }
}

describe('a run', () => {
  it('fails by the name of the rule when a function sends a request that AWS refuses', async () => {
    const rules = requestRules(SPEC)
    // The function itself may catch the error.
    const ignored = (client: DynamoDBClient) => client.send(EMPTY_PREFIX).catch(() => {})
    const error = (await asIngest(rules, ignored).catch((thrown) => thrown)) as Error
    expect(error).toBeInstanceOf(UserError)
    expect(error.message).toBe(
      'Ingest breaks the rule key-empty of AWS: Query: the key attribute sk has an empty value',
    )
    await expect(rules.violated).rejects.toBe(error)
    await expect(asIngest(rules, async () => 'done')).rejects.toBe(error)
  })

  it('gives the function the error that AWS would answer, and no value of the request', async () => {
    const sent = asIngest(requestRules(SPEC), async (client) => {
      const thrown = await client.send(EMPTY_PREFIX).catch((error) => error)
      expect(thrown.name).toBe('ValidationException')
      expect(thrown.message).not.toContain('ann')
    })
    await expect(sent).rejects.toThrow('key-empty')
  })

  it('passes what AWS takes', async () => {
    const rules = requestRules(SPEC)
    const item = { pk: { S: 'user#ann' }, sk: { S: 'open' } }
    await asIngest(rules, (client) => client.send(new PutItemCommand({ TableName: 'Table', Item: item })))
    rules.failIfViolated()
  })

  it('fails when the run itself puts a record that Kinesis refuses', async () => {
    const rules = requestRules(SPEC)
    const checked = await startCheckedEndpoints(endpoints, rules)
    const own = localClients({ ...endpoints, ...checked })
    try {
      const tooLarge = { StreamName: 'Events', PartitionKey: 'k', Data: Buffer.alloc(1024 * 1024) }
      await expect(own.kinesis.send(new PutRecordCommand(tooLarge))).rejects.toThrow('record-size')
      await expect(rules.violated).rejects.toThrow('the caller breaks the rule record-size of AWS: PutRecord: a record')
    } finally {
      own.close()
      await checked.stop()
    }
  })
})
