// Creates the stream of events, and the permissions to read it.

import { type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import type { Permission } from './pipeline-function.ts'
import type { PipelineSettings } from './settings.ts'

export function eventStream(
  scope: Construct,
  settings: PipelineSettings,
  key: IKey | undefined,
  removalPolicy: RemovalPolicy,
): Stream {
  const stream = new Stream(scope, 'Events', {
    ...(settings.streamMode === 'on-demand'
      ? { streamMode: StreamMode.ON_DEMAND }
      : { streamMode: StreamMode.PROVISIONED, shardCount: settings.shards }),
    retentionPeriod: Duration.millis(settings.streamRetention),
    ...(key === undefined
      ? { encryption: StreamEncryption.MANAGED }
      : { encryption: StreamEncryption.KMS, encryptionKey: key }),
    removalPolicy,
  })
  if (key !== undefined) {
    Validations.of(stream).acknowledge({
      id: 'AwsSolutions::AwsSolutions-KDS3',
      reason: 'The operator chose a customer managed key and accepts the cost of its requests.',
    })
  }
  return stream
}

/** The permissions with which Lambda polls the stream for a function. */
export function pollStream(stream: IStream): Permission[] {
  return [
    {
      actions: [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      resources: [stream.streamArn],
    },
    ...decrypt(stream),
  ]
}

/** The permissions to read the shards without Lambda. */
export function readShards(stream: IStream): Permission[] {
  return [
    {
      actions: ['kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards'],
      resources: [stream.streamArn],
    },
    ...decrypt(stream),
  ]
}

function decrypt({ encryptionKey }: IStream): Permission[] {
  if (encryptionKey === undefined) return []
  return [{ actions: ['kms:Decrypt'], resources: [encryptionKey.keyArn], viaService: 'kinesis' }]
}
