// Erases a user from the dead-letter bucket: rewrites each object that holds records of the user.

import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import pMap from 'p-map'
import { FAILED_PREFIX, REJECTED_PREFIX } from '../../contract.ts'
import { DAY_MS } from '../../domain/durations.ts'
import type { DeadLetterStore, DeadLettersErased } from '../../ports.ts'
import { type Erasure, withoutUser } from './dead-letters-without-user.ts'

const OBJECTS_AT_ONCE = 8
/** For one object. Another run of `forget` may rewrite the same object at the same time. */
const TRIES_MAX = 5

export function s3DeadLetterStore(client: S3Client, bucket: string): DeadLetterStore {
  return {
    erase: async (user, storedAs, atMs) => {
      const total = { removed: 0, unreadable: 0 }
      for (const prefix of [REJECTED_PREFIX, FAILED_PREFIX]) {
        const listing = { Bucket: bucket, Prefix: prefix }
        for await (const { Contents: objects } of paginateListObjectsV2({ client }, listing)) {
          const keys = (objects ?? []).flatMap(({ Key: key }) => key ?? [])
          const erase = (key: string) => eraseObject(client, bucket, key, { user, storedAs, atMs })
          for (const { removed, unreadable } of await pMap(keys, erase, { concurrency: OBJECTS_AT_ONCE })) {
            total.removed += removed
            total.unreadable += unreadable
          }
        }
      }
      return total
    },
  }
}

async function eraseObject(
  client: S3Client,
  bucket: string,
  key: string,
  erasure: Erasure,
): Promise<DeadLettersErased> {
  for (let tries = 1; ; tries++) {
    try {
      return await eraseOnce(client, { Bucket: bucket, Key: key }, erasure)
    } catch (error) {
      // The bucket's lifecycle rule removed the object since it was listed.
      if (hasName(error, 'NoSuchKey')) return { removed: 0, unreadable: 0 }
      if (!hasName(error, 'PreconditionFailed', 'ConditionalRequestConflict') || tries === TRIES_MAX) throw error
    }
  }
}

async function eraseOnce(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  erasure: Erasure,
): Promise<DeadLettersErased> {
  const { Body: body, ETag: tag, ContentType: type } = await client.send(new GetObjectCommand(object))
  const { text, removed, unreadable } = withoutUser(object.Key, (await body?.transformToString('utf8')) ?? '', erasure)
  if (removed === 0) return { removed, unreadable }
  if (text === null) await client.send(new DeleteObjectCommand(object))
  else await client.send(new PutObjectCommand({ ...object, Body: text, ContentType: type, IfMatch: tag }))
  return { removed, unreadable }
}

function hasName(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof S3ServiceException && names.includes(error.name)
}

/**
 * Returns how long the bucket retains an object. Returns null where the bucket has no such rule, or
 * does not let the caller read it.
 */
export async function retentionMs(client: S3Client, bucket: string): Promise<number | null> {
  try {
    const { Rules: rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))
    const days = (rules ?? []).flatMap(({ Status: status, Expiration: expiration }) =>
      status === 'Enabled' && expiration?.Days !== undefined ? [expiration.Days] : [],
    )
    return days.length === 0 ? null : Math.max(...days) * DAY_MS
  } catch (error) {
    if (error instanceof S3ServiceException) return null
    throw error
  }
}
