// Creates the template's streams, tables and buckets at the endpoints.

import { setTimeout as wait } from 'node:timers/promises'
import { CreateTableCommand, DescribeTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { CreateStreamCommand, DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import type { PipelineSpec, StreamSpec, TableSpec } from '../template/pipeline-spec.ts'
import type { Clients } from './clients.ts'

const READY_TRIES_MAX = 3000

/** Leaves alone the streams and tables that an earlier run on the same data created. */
export async function provision(
  spec: Pick<PipelineSpec, 'streams' | 'tables' | 'buckets'>,
  clients: Clients,
): Promise<void> {
  for (const stream of spec.streams) await createStream(stream, clients)
  for (const table of spec.tables) await createTable(table, clients)
  for (const bucket of spec.buckets) await clients.s3.send(new CreateBucketCommand({ Bucket: bucket }))
}

async function createStream({ name, shards }: StreamSpec, { kinesis }: Clients): Promise<void> {
  await ignoreExisting(kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards })))
  await ready(`stream ${name}`, async () => {
    const { StreamDescriptionSummary: summary } = await kinesis.send(
      new DescribeStreamSummaryCommand({ StreamName: name }),
    )
    return summary?.StreamStatus === 'ACTIVE'
  })
}

async function createTable(table: TableSpec, { dynamodb }: Clients): Promise<void> {
  const create = dynamodb.send(
    new CreateTableCommand({
      TableName: table.name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [...table.keySchema],
      AttributeDefinitions: [...table.attributes],
      ...(table.indexes.length > 0 && { GlobalSecondaryIndexes: table.indexes.map(toIndex) }),
      ...(table.streamView !== null && {
        StreamSpecification: { StreamEnabled: true, StreamViewType: table.streamView },
      }),
    }),
  )
  await ignoreExisting(create)
  await ready(`table ${table.name}`, async () => {
    const { Table: described } = await dynamodb.send(new DescribeTableCommand({ TableName: table.name }))
    return described?.TableStatus === 'ACTIVE'
  })
  if (table.ttlAttribute === null) return
  const specification = { Enabled: true, AttributeName: table.ttlAttribute }
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: table.name, TimeToLiveSpecification: specification }))
}

function toIndex({ IndexName, KeySchema, Projection }: TableSpec['indexes'][number]) {
  const { ProjectionType, NonKeyAttributes } = Projection
  const projected = {
    ProjectionType,
    ...(NonKeyAttributes !== undefined && { NonKeyAttributes: [...NonKeyAttributes] }),
  }
  return { IndexName, KeySchema: [...KeySchema], Projection: projected }
}

async function ignoreExisting(created: Promise<unknown>): Promise<void> {
  await created.catch((error) => {
    if ((error as Error).name !== 'ResourceInUseException') throw error
  })
}

async function ready(what: string, isReady: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < READY_TRIES_MAX; tries++) {
    if (await isReady()) return
    await wait(20)
  }
  throw new Error(`${what} is not ready after a minute`)
}
