// The dead-letter bucket: settings in; where refused events and failed batches are kept, and what writing there takes, out.

import type { IKey } from 'aws-cdk-lib/aws-kms'
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3'
import { Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { FAILED_PREFIX, REJECTED_PREFIX } from '../functions/contract.ts'
import type { Permission } from './pipeline-function.ts'
import type { PipelineSettings } from './settings.ts'

export function deadLetterBucket(
  scope: Construct,
  settings: PipelineSettings,
  key: IKey | undefined,
  removalPolicy: RemovalPolicy,
): Bucket {
  const bucket = new Bucket(scope, 'DeadLetters', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    ...(key === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
    enforceSSL: true,
    lifecycleRules: [
      {
        expiration: Duration.millis(settings.deadLetterRetention),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    removalPolicy,
    autoDeleteObjects: settings.ephemeral,
  })
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions::AwsSolutions-S1',
    reason: 'Only the functions write here, and an account that wants to see reads of it has data events for that.',
  })
  return bucket
}

/** What keeping refused events takes. */
export function keepRejected(bucket: Bucket): Permission[] {
  return [
    {
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects(`${REJECTED_PREFIX}*`)],
      wildcardReason: 'Objects are named for the records in them.',
    },
    ...encrypt(bucket),
  ]
}

/** What a failure destination needs, and no more: CDK's own would let the function read and delete dead letters. */
export function keepFailedBatches(bucket: Bucket): Permission[] {
  return [
    {
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects(`${FAILED_PREFIX}*`)],
      wildcardReason: 'Lambda names these objects.',
    },
    { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] },
    ...encrypt(bucket),
  ]
}

function encrypt({ encryptionKey }: Bucket): Permission[] {
  return encryptionKey === undefined ? [] : [{ actions: ['kms:GenerateDataKey'], resources: [encryptionKey.keyArn] }]
}

/** How old a record may be when it is tried for the last time: what is left of the retention is for looking into it. */
export function recordAgeMsMax(retentionMs: number): number {
  return Math.floor((retentionMs * 5) / 6 / 1000) * 1000
}

/** Tries a batch again for most of the stream's retention, ever smaller parts of it, then keeps it as a dead letter. */
export function retriedFor(retentionMs: number, bucket: Bucket) {
  return {
    reportBatchItemFailures: true,
    bisectBatchOnError: true,
    maxRecordAge: Duration.millis(recordAgeMsMax(retentionMs)),
    onFailure: { bind: () => ({ destination: bucket.bucketArn }) },
  }
}
