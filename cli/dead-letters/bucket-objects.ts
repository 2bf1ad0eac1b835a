// Lists and reads the objects of the dead-letter bucket.

import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'

/** Yields the keys under one prefix after the other, each prefix in the order of its keys. */
export async function* objectKeys(s3: S3Client, bucket: string, prefixes: readonly string[]): AsyncGenerator<string> {
  for (const Prefix of prefixes) {
    for await (const { Contents: objects } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
      for (const { Key: key = '' } of objects ?? []) yield key
    }
  }
}

export async function objectText(s3: S3Client, bucket: string, key: string): Promise<string> {
  const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  return (await body?.transformToString('utf8')) ?? ''
}
