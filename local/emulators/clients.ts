// Makes SDK clients for the local endpoints.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { S3Client } from '@aws-sdk/client-s3'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { LOCAL_REGION } from '../template/arn.ts'
import type { Endpoints } from './endpoints.ts'

export const LOCAL_ENVIRONMENT = {
  AWS_REGION: LOCAL_REGION,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
} as const

/** The emulators accept any credentials. */
export const LOCAL_CONFIG = {
  region: LOCAL_ENVIRONMENT.AWS_REGION,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
}

export interface Clients {
  readonly kinesis: KinesisClient
  readonly dynamodb: DynamoDBDocumentClient
  readonly tableStreams: DynamoDBStreamsClient
  readonly s3: S3Client
  close(): void
}

export function localClients(endpoints: Pick<Endpoints, 'kinesis' | 'dynamodb' | 's3'>): Clients {
  // The SDK's default handler speaks HTTP/2 to Kinesis, and kinesalite only HTTP/1.1.
  const kinesis = new KinesisClient({
    ...LOCAL_CONFIG,
    endpoint: endpoints.kinesis,
    requestHandler: new NodeHttpHandler(),
  })
  const dynamodb = new DynamoDBClient({ ...LOCAL_CONFIG, endpoint: endpoints.dynamodb })
  const tableStreams = new DynamoDBStreamsClient({ ...LOCAL_CONFIG, endpoint: endpoints.dynamodb })
  const s3 = new S3Client({ ...LOCAL_CONFIG, endpoint: endpoints.s3, forcePathStyle: true })
  return {
    kinesis,
    dynamodb: DynamoDBDocumentClient.from(dynamodb),
    tableStreams,
    s3,
    close: () => {
      for (const client of [kinesis, dynamodb, tableStreams, s3]) client.destroy()
    },
  }
}
