// Creates the ingest function, which the stream of events invokes.

import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import { EventSourceMapping, type IFunction, MetricType, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { type Environment, type INGEST_VARIABLES, OPTIONAL_INGEST_VARIABLES } from '../functions/contract.ts'
import { retryOptions, storeFailedBatches, storeRejected } from './dead-letters.ts'
import { pollStream } from './event-stream.ts'
import { ingestEnvironment } from './function-environment.ts'
import { type Permission, pipelineFunction } from './pipeline-function.ts'
import type { PipelineSettings } from './settings.ts'
import { useTableKey, writeInBatches } from './tables.ts'

export interface IngestProps {
  readonly settings: PipelineSettings
  readonly pipelineName: string
  readonly stream: IStream
  readonly sessions: TableV2
  readonly deadLetters: Bucket
  readonly pseudonymKey: ISecret | undefined
}

export interface Ingest {
  readonly fn: IFunction
  readonly mapping: EventSourceMapping
}

export const INGEST_TIMEOUT = Duration.seconds(60)

export function ingest(scope: Construct, props: IngestProps): Ingest {
  const { settings, pipelineName, stream, sessions, deadLetters, pseudonymKey } = props
  const environment: Environment<typeof INGEST_VARIABLES> & Partial<Environment<typeof OPTIONAL_INGEST_VARIABLES>> = {
    ...ingestEnvironment(settings, {
      pipelineName,
      sessionsTable: sessions.tableName,
      deadLetterBucket: deadLetters.bucketName,
    }),
    ...(pseudonymKey && { [OPTIONAL_INGEST_VARIABLES.pseudonymKeySecret]: pseudonymKey.secretArn }),
  }
  const fn = pipelineFunction(scope, 'Ingest', {
    step: 'ingest',
    environment,
    timeout: INGEST_TIMEOUT,
    memoryMb: settings.ingestMemoryMb,
    permissions: [
      ...pollStream(stream),
      {
        actions: ['BatchGetItem', 'GetItem', 'PutItem', 'Query'].map((action) => `dynamodb:${action}`),
        resources: [sessions.tableArn],
      },
      ...writeInBatches(settings, sessions, ['Insert', 'Update']),
      ...useTableKey(sessions),
      ...readSecret(pseudonymKey),
      ...storeRejected(deadLetters),
      ...storeFailedBatches(deadLetters),
    ],
    deadLetterReason: 'The event source mapping stores failed batches in the dead-letter bucket.',
  })
  const mapping = new EventSourceMapping(scope, 'IngestEvents', {
    target: fn,
    eventSourceArn: stream.streamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: settings.batchSize,
    maxBatchingWindow: Duration.millis(settings.batchWindow),
    // Ingest records how far it applied a shard, so it works on one batch of a shard at a time.
    parallelizationFactor: 1,
    metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
    ...retryOptions(settings.streamRetention, deadLetters),
  })
  return { fn, mapping }
}

function readSecret(secret: ISecret | undefined): Permission[] {
  if (secret === undefined) return []
  const read: Permission = { actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }
  if (secret.encryptionKey === undefined) return [read]
  const { keyArn } = secret.encryptionKey
  return [read, { actions: ['kms:Decrypt'], resources: [keyArn], viaService: 'secretsmanager' }]
}
