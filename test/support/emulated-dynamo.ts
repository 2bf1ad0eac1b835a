// Starts an emulated DynamoDB for one test file, with the clients that the functions use. A request
// that AWS would refuse fails its test.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, vi } from 'vitest'
import { documentClient } from '../../functions/aws/runtime/document-client.ts'
import { type Clients, LOCAL_ENVIRONMENT, localClients } from '../../local/emulators/clients.ts'
import { type Endpoints, startEndpoints } from '../../local/emulators/endpoints.ts'
import { type CheckedEndpoints, startCheckedEndpoints } from '../../local/proxy/checked-endpoints.ts'
import { requestRules } from '../../local/proxy/request-rules/request-rules.ts'

/** An emulator that an endpoint names may answer slowly, and more so on a busy machine. */
const NAMED_ANSWER_MS_MAX = 120_000

/** Its fields are set before the first test. */
export interface EmulatedDynamo {
  clients: Clients
  /** The functions' own client, so that the tests include its way to marshall items. */
  client: DynamoDBDocumentClient
}

export function emulatedDynamo(): EmulatedDynamo {
  const emulated = {} as EmulatedDynamo
  const rules = requestRules({ functions: [], tables: [], titles: new Map() })
  let endpoints: Endpoints
  let checked: CheckedEndpoints
  beforeAll(async () => {
    endpoints = await startEndpoints(null, null, process.env)
    checked = await startCheckedEndpoints(endpoints, rules)
    emulated.clients = localClients({ ...endpoints, ...checked })
    for (const [name, value] of Object.entries(LOCAL_ENVIRONMENT)) vi.stubEnv(name, value)
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', checked.dynamodb)
    emulated.client = documentClient(process.env.DYNAMODB_ENDPOINT ? NAMED_ANSWER_MS_MAX : undefined)
  })
  afterEach(rules.failIfViolated)
  afterAll(async () => {
    emulated.client?.destroy()
    emulated.clients?.close()
    await checked?.stop()
    await endpoints?.stop()
    vi.unstubAllEnvs()
  })
  return emulated
}
