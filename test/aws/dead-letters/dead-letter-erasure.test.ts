// Tests how a user is erased from a scripted dead-letter bucket.

import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { retentionMs, s3DeadLetterStore } from '../../../functions/aws/dead-letters/dead-letter-erasure.ts'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import { at } from '../../support/events.ts'

const client = new S3Client({ region: 'us-east-1' })
const mocked = mockClient(client)
const deadLetters = s3DeadLetterStore(client, 'dead-letters')
const objects = new Map<string, string>()
let writes = 0

function errorNamed(name: string): S3ServiceException {
  return new S3ServiceException({ name, $fault: 'client', $metadata: {} })
}

beforeEach(() => {
  mocked.reset()
  objects.clear()
  writes = 0
  mocked.on(ListObjectsV2Command).callsFake(({ Prefix, ContinuationToken: after = '' }) => {
    const keys = [...objects.keys()].filter((key) => key.startsWith(Prefix) && key > after).sort()
    const page = keys.slice(0, 2)
    const isMore = keys.length > page.length
    return { Contents: page.map((Key) => ({ Key })), ...(isMore && { NextContinuationToken: page.at(-1) }) }
  })
  mocked.on(GetObjectCommand).callsFake(({ Key }) => {
    const text = objects.get(Key)
    if (text === undefined) throw errorNamed('NoSuchKey')
    return { Body: { transformToString: async () => text }, ETag: `"${text.length}"`, ContentType: 'some/type' }
  })
  mocked.on(PutObjectCommand).callsFake(({ Key, Body, IfMatch, ContentType }) => {
    writes++
    expect(ContentType).toBe('some/type')
    if (IfMatch !== `"${objects.get(Key)?.length}"`) throw errorNamed('PreconditionFailed')
    objects.set(Key, String(Body))
  })
  mocked.on(DeleteObjectCommand).callsFake(({ Key }) => objects.delete(Key))
})

function lineOf(user: string): string {
  const data = Buffer.from(JSON.stringify({ user })).toString('base64')
  return `${JSON.stringify({ reason: 'missing-field', arrival: new Date(at(0)).toISOString(), data })}\n`
}

describe('erasing a user', () => {
  it('rewrites objects that hold others too, deletes those that hold only the user, and leaves the rest', async () => {
    for (let n = 0; n < 7; n++) objects.set(`rejected/${n}`, lineOf('ben') + (n % 2 === 0 ? lineOf('ann') : ''))
    objects.set('rejected/all', lineOf('ann') + lineOf('ann'))
    objects.set(
      'aws/lambda/batch',
      JSON.stringify({ payload: { Records: [{ dynamodb: { Keys: { pk: { S: 'user#ann' } } } }] } }),
    )
    objects.set('elsewhere', lineOf('ann'))
    expect(await deadLetters.erase('ann', 'ann', at(1))).toEqual({ removed: 7, unreadable: 0 })
    expect([...objects.keys()]).toEqual([
      'rejected/0',
      'rejected/1',
      'rejected/2',
      'rejected/3',
      'rejected/4',
      'rejected/5',
      'rejected/6',
      'elsewhere',
    ])
    expect([...objects.values()].slice(0, 7)).toEqual(Array(7).fill(lineOf('ben')))
    expect(writes).toBe(4)
    expect(await deadLetters.erase('ann', 'ann', at(1))).toEqual({ removed: 0, unreadable: 0 })
    expect(writes).toBe(4)
  })

  it('keeps the changes of two erasures that run at once', async () => {
    objects.set('rejected/0', ['ann', 'ben', 'cleo'].map(lineOf).join(''))
    await Promise.all([deadLetters.erase('ann', 'ann', at(1)), deadLetters.erase('cleo', 'cleo', at(1))])
    expect([...objects]).toEqual([['rejected/0', lineOf('ben')]])
  })

  it('passes over an object that has expired since it was listed', async () => {
    mocked.on(ListObjectsV2Command).resolves({ Contents: [{ Key: 'rejected/gone' }] })
    expect(await deadLetters.erase('ann', 'ann', at(1))).toEqual({ removed: 0, unreadable: 0 })
  })

  it('gives up an object that others rewrite each time, and throws other errors at once', async () => {
    objects.set('rejected/0', lineOf('ann') + lineOf('ben'))
    mocked.on(PutObjectCommand).rejects(errorNamed('PreconditionFailed'))
    await expect(deadLetters.erase('ann', 'ann', at(1))).rejects.toThrow(errorNamed('PreconditionFailed'))
    mocked.on(GetObjectCommand).rejects(errorNamed('AccessDenied'))
    await expect(deadLetters.erase('ann', 'ann', at(1))).rejects.toThrow(errorNamed('AccessDenied'))
  })
})

describe('the retention of the bucket', () => {
  const rule = (Status: 'Enabled' | 'Disabled', Days?: number) => ({ Status, Expiration: { Days }, Filter: {} })

  it.each([
    ['the longest of its rules', [rule('Enabled', 7), rule('Enabled', 30), rule('Disabled', 90)], 30 * DAY_MS],
    ['unknown without a rule', [], null],
    ['unknown without a rule that expires objects', [rule('Enabled')], null],
  ])('is %s', async (_, Rules, expected) => {
    mocked.on(GetBucketLifecycleConfigurationCommand).resolves({ Rules })
    expect(await retentionMs(client, 'dead-letters')).toBe(expected)
  })

  it.each(['NoSuchLifecycleConfiguration', 'AccessDenied'])('is unknown when S3 answers %s', async (name) => {
    mocked.on(GetBucketLifecycleConfigurationCommand).rejects(errorNamed(name))
    expect(await retentionMs(client, 'dead-letters')).toBeNull()
  })
})
