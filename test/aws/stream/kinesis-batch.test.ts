// Tests how the Kinesis batches of Lambda become records, and how a failure becomes the reply.

import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toBatchReply, toRecords } from '../../../functions/aws/stream/kinesis-batch.ts'
import { at } from '../../support/events.ts'

const SEED = 20260302

function sent(data: Uint8Array | string, sequenceNumber = '4961', arrivalMs = at(0)): KinesisStreamRecord {
  return {
    awsRegion: 'us-east-1',
    eventID: `shardId-000000000006:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    eventSource: 'aws:kinesis',
    eventSourceARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/events',
    eventVersion: '1.0',
    invokeIdentityArn: 'arn:aws:iam::123456789012:role/ingest',
    kinesis: {
      approximateArrivalTimestamp: arrivalMs / 1000,
      data: Buffer.from(data).toString('base64'),
      kinesisSchemaVersion: '1.0',
      partitionKey: 'ann',
      sequenceNumber,
    },
  }
}

function read(...records: KinesisStreamRecord[]) {
  return toRecords({ Records: records } satisfies KinesisStreamEvent)
}

describe('a Kinesis batch', () => {
  it('is read with every field of each record', () => {
    expect(read(sent('{"user":"Zoë 🐕"}', '49590338271490256608', at(5)))).toEqual([
      {
        shardId: 'shardId-000000000006',
        sequenceNumber: '49590338271490256608',
        arrivalMs: at(5),
        data: Buffer.from('{"user":"Zoë 🐕"}').toString('base64'),
        subSequence: null,
      },
    ])
  })

  it('is read in its order', () => {
    const numbers = ['3', '20', '100', '4']
    expect(read(...numbers.map((n) => sent(n, n))).map((record) => record.sequenceNumber)).toEqual(numbers)
  })

  it('holds arrival times to the millisecond, though Lambda gives seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: at(0) * 2 }), (arrivalMs) => {
        expect(read(sent('', '1', arrivalMs))[0]?.arrivalMs).toBe(arrivalMs)
      }),
      { seed: SEED, numRuns: 2000 },
    )
  })

  it('holds the data of a record that is no text', () => {
    const bytes = [0x7b, 0xff, 0x7d]
    const [record] = read(sent(Uint8Array.from(bytes)))
    expect([...Buffer.from(record?.data ?? '', 'base64')]).toEqual(bytes)
  })

  it('holds the subsequence number of an event that is redriven alone', () => {
    const { kinesis, ...others } = sent('{}')
    expect(read({ ...others, kinesis: { ...kinesis, subSequence: 0 } as typeof kinesis })[0]?.subSequence).toBe(0)
  })
})

describe('the reply to a batch', () => {
  it('names no record after all were applied', () => {
    expect(toBatchReply(null)).toEqual({ batchItemFailures: [] })
  })

  it('names the first record that Lambda must redeliver', () => {
    expect(toBatchReply({ sequenceNumber: '4961' })).toEqual({ batchItemFailures: [{ itemIdentifier: '4961' }] })
  })
})
