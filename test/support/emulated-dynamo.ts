// Starts an emulated DynamoDB for one test file, with the clients that the functions use.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, vi } from 'vitest'
import { documentClient } from '../../functions/aws/runtime/document-client.ts'
import { type Clients, LOCAL_ENVIRONMENT, localClients } from '../../local/emulators/clients.ts'
import { type Endpoints, startEndpoints } from '../../local/emulators/endpoints.ts'

/** The emulators that an endpoint names may answer slowly, and a busy machine slows them further. */
const NAMED_ANSWER_MS_MAX = 120_000

/** Its fields are set before the first test. */
export interface EmulatedDynamo {
  clients: Clients
  /** The functions' own client, so that the tests include its way to marshall items. */
  client: DynamoDBDocumentClient
}

export function emulatedDynamo(): EmulatedDynamo {
  const emulated = {} as EmulatedDynamo
  let endpoints: Endpoints
  beforeAll(async () => {
    endpoints = await startEndpoints(null, null, process.env)
    emulated.clients = localClients(endpoints)
    for (const [name, value] of Object.entries(LOCAL_ENVIRONMENT)) vi.stubEnv(name, value)
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoints.dynamodb)
    emulated.client = documentClient(process.env.DYNAMODB_ENDPOINT ? NAMED_ANSWER_MS_MAX : undefined)
  })
  afterAll(async () => {
    emulated.client?.destroy()
    emulated.clients?.close()
    await endpoints?.stop()
    vi.unstubAllEnvs()
  })
  return emulated
}
