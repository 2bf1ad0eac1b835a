// Checks that reading back counts every rejected event once.

import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { expect, it } from 'vitest'
import { readRejected } from '../../../local/run/read-back.ts'

it('counts a rejected event once, even if several objects hold it', async () => {
  const s3 = new S3Client({ region: 'us-east-1' })
  const line = (sequence: string, reason: string, own: object = {}): string =>
    `${JSON.stringify({ reason, detail: '', shard: 's', sequence, arrival: '2026-03-02T09:00:00Z', data: '', ...own })}\n`
  const objects = [
    line('1', 'not-json') + line('2', 'not-json', { subSequence: 0 }) + line('2', 'too-late', { subSequence: 11 }),
    line('2', 'not-json', { subSequence: 0 }) + line('1', 'late', { shard: 'other' }),
  ]
  const mocked = mockClient(s3)
  mocked.on(ListObjectsV2Command).resolves({ Contents: objects.map((_, n) => ({ Key: String(n) })) })
  mocked.on(GetObjectCommand).callsFake(({ Key }) => ({ Body: { transformToString: async () => objects[Key] } }))
  expect(await readRejected({ s3 }, 'dead-letters')).toEqual({ late: 1, 'not-json': 2, 'too-late': 1 })
})
