// Checks that every kind of object in the dead-letter bucket can be shown.

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { prefixesOf, toDeadLetters } from '../../../cli/dead-letters/stored-dead-letters.ts'

const base64 = (data: string | Buffer): string => Buffer.from(data).toString('base64')

describe('a dead letter', () => {
  it('shows the reason, the position and the unpacked text of a rejected record', () => {
    const arrival = '2026-03-02T09:00:05.000Z'
    const line = (data: string, subSequence?: number): string =>
      JSON.stringify({ reason: 'not-json', detail: 'd', shard: 's', sequence: '7', subSequence, arrival, data })
    const packed = base64(gzipSync('{"a":1}\n{"b":2}'))
    const text = [line(base64('nonsense')), line(packed, 3), line(base64(Buffer.from([0xff, 0xfe])))].join('\n')
    expect(toDeadLetters('rejected/x', text)).toMatchObject([
      { reason: 'not-json', arrival, sequence: '7', subSequence: null, text: 'nonsense' },
      { subSequence: 3, text: '{"a":1}\n{"b":2}' },
      { text: null },
    ])
  })

  it('makes one dead letter of each record of a failed batch', () => {
    const Records = [{ kinesis: { sequenceNumber: '9', data: base64('{}'), approximateArrivalTimestamp: 1 } }]
    const body = {
      requestContext: { condition: 'RetryAttemptsExhausted' },
      KinesisBatchInfo: { shardId: 's' },
      payload: JSON.stringify({ Records }),
    }
    expect(toDeadLetters('aws/lambda/x', JSON.stringify(body))).toEqual([
      {
        key: 'aws/lambda/x',
        reason: 'given-up',
        detail: 'RetryAttemptsExhausted',
        arrival: '1970-01-01T00:00:01.000Z',
        shard: 's',
        sequence: '9',
        subSequence: null,
        text: '{}',
      },
    ])
  })

  it('makes one dead letter of a batch of closed sessions, and marks other objects as unreadable', () => {
    const changes = JSON.stringify({ payload: { Records: [{ dynamodb: {} }, { dynamodb: {} }] } })
    expect(toDeadLetters('aws/lambda/x', changes)).toMatchObject([{ detail: expect.stringContaining('2 changes') }])
    for (const text of ['no JSON', '{}', '[]']) {
      expect(toDeadLetters('aws/lambda/x', text)).toMatchObject([{ reason: 'unreadable' }])
    }
  })
})

describe('the prefixes to list', () => {
  it('covers rejected events and failed batches, unless a prefix is given', () => {
    expect(prefixesOf(undefined, undefined)).toEqual(['rejected/', 'aws/lambda/'])
    expect(prefixesOf(undefined, '2026-03-02')).toEqual(['rejected/2026-03-02/', 'aws/lambda/'])
    expect(prefixesOf('aws/', '2026-03-02')).toEqual(['aws/'])
  })
})
