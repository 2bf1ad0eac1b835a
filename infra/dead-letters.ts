// Creates the dead-letter bucket, and the permissions and options to store dead letters in it.

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
    reason: 'Only the functions write here. CloudTrail data events can log the reads where an account needs it.',
  })
  return bucket
}

/** The permissions to store rejected events. */
export function storeRejected(bucket: Bucket): Permission[] {
  return [
    {
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects(`${REJECTED_PREFIX}*`)],
      wildcardReason: 'Ingest names an object after the records in it.',
    },
    ...encrypt(bucket),
  ]
}

/**
 * The permissions to store batches that Lambda gave up. CDK's own destination would also let the
 * function read and delete dead letters.
 */
export function storeFailedBatches(bucket: Bucket): Permission[] {
  return [
    {
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects(`${FAILED_PREFIX}*`)],
      wildcardReason: 'Lambda chooses the names of these objects.',
    },
    { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] },
    ...encrypt(bucket),
  ]
}

function encrypt({ encryptionKey }: Bucket): Permission[] {
  if (encryptionKey === undefined) return []
  return [{ actions: ['kms:GenerateDataKey'], resources: [encryptionKey.keyArn], viaService: 's3' }]
}

/**
 * The age at which Lambda gives a record up. An operator has the rest of the stream's retention to
 * read it there.
 */
export function recordAgeMsMax(retentionMs: number): number {
  return Math.floor((retentionMs * 5) / 6 / 1000) * 1000
}

/**
 * Makes Lambda retry a failed batch in ever smaller parts for most of the stream's retention, and
 * then store it as a dead letter.
 */
export function retryOptions(retentionMs: number, bucket: Bucket) {
  return {
    reportBatchItemFailures: true,
    bisectBatchOnError: true,
    maxRecordAge: Duration.millis(recordAgeMsMax(retentionMs)),
    onFailure: { bind: () => ({ destination: bucket.bucketArn }) },
  }
}
