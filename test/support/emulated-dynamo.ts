// Starts an emulated DynamoDB for one test file, with the clients that the functions use.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, vi } from 'vitest'
import { documentClient } from '../../functions/aws/runtime/document-client.ts'
import { type Clients, LOCAL_ENVIRONMENT, localClients } from '../../local/emulators/clients.ts'
import { type Endpoints, startEndpoints } from '../../local/emulators/endpoints.ts'

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
    emulated.client = documentClient()
  })
  afterAll(async () => {
    emulated.client?.destroy()
    emulated.clients?.close()
    await endpoints?.stop()
    vi.unstubAllEnvs()
  })
  return emulated
}
