// Checks that a run counts every rejected event once, and no applied event as rejected.

import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { describe, expect, it } from 'vitest'
import { readRejected } from '../../../local/run/read-back.ts'
import { countRejected, storedKey } from '../../../local/run/rejected-events.ts'
import { at, event } from '../../support/events.ts'

function line(sequence: string, reason: string, own: object = {}): string {
  const fields = { reason, detail: '', shard: 's', sequence, arrival: '2026-03-02T09:00:00Z', data: '', ...own }
  return `${JSON.stringify(fields)}\n`
}

function read(objects: readonly string[]) {
  const s3 = new S3Client({ region: 'us-east-1' })
  const mocked = mockClient(s3)
  mocked.on(ListObjectsV2Command).resolves({ Contents: objects.map((_, n) => ({ Key: String(n) })) })
  mocked.on(GetObjectCommand).callsFake(({ Key }) => ({ Body: { transformToString: async () => objects[Key] } }))
  return readRejected({ s3 }, 'dead-letters')
}

describe('the rejected events of a run', () => {
  it('count once each, even if several objects hold an event', async () => {
    const rejected = await read([
      line('1', 'not-json') + line('2', 'not-json', { subSequence: 0 }) + line('2', 'too-late', { subSequence: 11 }),
      line('2', 'not-json', { subSequence: 0 }) + line('1', 'late', { shard: 'other' }),
    ])
    expect(countRejected(rejected, new Set()).reasons).toEqual({ late: 1, 'not-json': 2, 'too-late': 1 })
  })

  it('count as copies if a session holds them, whether they have an id and a time of their own or not', async () => {
    const sent = [
      { type: 'Search', user: 'ann', query: 'dogs', eventId: 'e1', time: at(0) },
      { type: 'Search', user: 'ann', query: 'dogs', time: at(1) },
      { type: 'AppOpen', user: 'ann', eventId: 'e3', time: at(2) },
    ]
    const data = (n: number) => ({ data: Buffer.from(JSON.stringify(sent[n])).toString('base64') })
    const rejected = await read([0, 1, 2].map((n) => line(String(n), 'too-late', data(n))))
    const held = new Set(sent.slice(0, 2).map((one) => storedKey(event(one))))
    expect(countRejected(rejected, held)).toEqual({ reasons: { 'too-late': 1 }, copies: 2 })
  })

  it('count as rejected for any other reason, since a conflicting copy of a held event is not applied', async () => {
    const sent = { type: 'AppOpen', user: 'ann', eventId: 'e1', time: at(0) }
    const data = Buffer.from(JSON.stringify(sent)).toString('base64')
    const rejected = await read([line('1', 'too-large', { data })])
    expect(countRejected(rejected, new Set([storedKey(event(sent))]))).toEqual({
      reasons: { 'too-large': 1 },
      copies: 0,
    })
  })
})
