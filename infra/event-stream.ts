// The stream of events: settings, or a stream of one's own, in; what producers write to and what reading it takes out.

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
      reason: 'A key of the account was asked for, and what its requests cost with it.',
    })
  }
  return stream
}

/** What Lambda needs to hand a stream to a function. */
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

/** What looking into the shards takes. */
export function lookIntoStream(stream: IStream): Permission[] {
  return [
    {
      actions: ['kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards'],
      resources: [stream.streamArn],
    },
    ...decrypt(stream),
  ]
}

function decrypt({ encryptionKey }: IStream): Permission[] {
  return encryptionKey === undefined ? [] : [{ actions: ['kms:Decrypt'], resources: [encryptionKey.keyArn] }]
}
