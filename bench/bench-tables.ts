// Makes tables as the template defines them in an emulator, for the bench and for tests.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { EXPIRES_AT, HOUR_INDEX, PARTITION_KEY, SORT_KEY } from '../functions/contract.ts'
import { LOCAL_ENVIRONMENT, localClients } from '../local/emulators/clients.ts'
import type { Endpoints } from '../local/emulators/endpoints.ts'
import { provision } from '../local/emulators/provision.ts'
import type { TableSpec } from '../local/template/pipeline-spec.ts'

/** Returns a client with the functions' options for the endpoint. */
export function benchClient(endpoint: string): DynamoDBDocumentClient {
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = LOCAL_ENVIRONMENT
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY }
  const client = new DynamoDBClient({ region, credentials, endpoint })
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
}

export async function makeTables(tables: readonly TableSpec[], endpoints: Endpoints): Promise<void> {
  const clients = localClients(endpoints)
  try {
    await provision({ streams: [], buckets: [], tables }, clients)
  } finally {
    clients.close()
  }
}

export function resultsSpec(name: string): TableSpec {
  const table = indexed(name, HOUR_INDEX, 'S', 'INCLUDE')
  const [index] = table.indexes
  const projection = { ProjectionType: 'INCLUDE', NonKeyAttributes: HOUR_INDEX.attributes } as const
  return { ...table, indexes: index === undefined ? [] : [{ ...index, Projection: projection }] }
}

export function sessionsSpec(name: string): TableSpec {
  return {
    name,
    keySchema: [
      { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
      { AttributeName: SORT_KEY, KeyType: 'RANGE' },
    ],
    attributes: [
      { AttributeName: PARTITION_KEY, AttributeType: 'S' },
      { AttributeName: SORT_KEY, AttributeType: 'S' },
    ],
    indexes: [],
    streamView: null,
    ttlAttribute: EXPIRES_AT,
  }
}

/** A table as `sessionsSpec`, with an index. */
export function indexed(
  name: string,
  index: { readonly name: string; readonly partitionKey: string; readonly sortKey: string },
  sortType: 'N' | 'S',
  projection: 'KEYS_ONLY' | 'ALL' | 'INCLUDE',
): TableSpec {
  const table = sessionsSpec(name)
  return {
    ...table,
    attributes: [
      ...table.attributes,
      { AttributeName: index.partitionKey, AttributeType: 'S' },
      { AttributeName: index.sortKey, AttributeType: sortType },
    ],
    indexes: [
      {
        IndexName: index.name,
        KeySchema: [
          { AttributeName: index.partitionKey, KeyType: 'HASH' },
          { AttributeName: index.sortKey, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: projection },
      },
    ],
  }
}
