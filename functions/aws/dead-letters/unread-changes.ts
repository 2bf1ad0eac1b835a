// Stores changes that finalize cannot read, in the form of the batches that Lambda gives up.

import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { UNREADABLE_PREFIX } from '../../contract.ts'
import type { UnreadChanges } from '../../ports.ts'
import type { FailedObject, FailedRecord } from './failed-batch.ts'

/**
 * Commands that list, redrive and erase dead letters treat the object as a batch of one record. The
 * key follows from the record, so a redelivered change has one object.
 */
export function s3UnreadChanges(client: S3Client, bucket: string): UnreadChanges {
  return {
    put: async ({ sequenceNumber, cause, record }) => {
      const object: FailedObject = {
        requestContext: {
          condition: 'UnreadableItem',
          cause: cause instanceof Error ? cause.message : String(cause),
        },
        payload: { Records: [record as FailedRecord] },
      }
      const key = `${UNREADABLE_PREFIX}${sequenceNumber}.json`
      const body = JSON.stringify(object)
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }))
    },
  }
}
