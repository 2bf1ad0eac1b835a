// Tests that the records of an invocation need the fields and types that AWS documents.

import { describe, expect, it } from 'vitest'
import { EVENT_RULES } from '../../../../local/proxy/request-rules/event-rules.ts'
import { brokenByEvent } from './sent-requests.ts'

const FROM_KINESIS = {
  eventID: 'shardId-000000000000:1',
  eventName: 'aws:kinesis:record',
  eventSource: 'aws:kinesis',
  eventSourceARN: 'arn:aws:kinesis:eu-west-1:000000000000:stream/Events',
  eventVersion: '1.0',
  awsRegion: 'eu-west-1',
  invokeIdentityArn: 'arn:aws:iam::000000000000:role/Ingest',
  kinesis: {
    kinesisSchemaVersion: '1.0',
    partitionKey: 'ann',
    sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
    data: 'e30=',
    approximateArrivalTimestamp: 1545084650.987,
  },
}

const IMAGE = {
  pk: { S: 'a' },
  x: { M: { y: { L: [{ B: 'AAE=' }, { NULL: true }, { BOOL: false }, { NS: ['1'] }] } } },
}

const FROM_TABLE = {
  eventID: 'c4ca4238a0b923820dcc509a6f75849b',
  eventName: 'MODIFY',
  eventSource: 'aws:dynamodb',
  eventSourceARN: 'arn:aws:dynamodb:eu-west-1:000000000000:table/Sessions/stream/2026-01-01T00:00:00.000',
  eventVersion: '1.1',
  awsRegion: 'eu-west-1',
  dynamodb: {
    ApproximateCreationDateTime: 1479499740,
    Keys: { pk: { S: 'a' } },
    NewImage: IMAGE,
    OldImage: IMAGE,
    SequenceNumber: '4421584500000000017450439091',
    SizeBytes: 59,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
}

/** Returns the record with one field replaced, or left out if it becomes undefined. */
function changed<T extends object>(record: T, path: string, value: unknown): T {
  const [first = '', ...rest] = path.split('.')
  const inner = (record as Record<string, unknown>)[first]
  const next = rest.length === 0 ? value : changed(inner as object, rest.join('.'), value)
  return JSON.parse(JSON.stringify({ ...record, [first]: next }))
}

function pathsOf(record: object): string[] {
  return Object.entries(record).flatMap(([name, value]) =>
    name === 'kinesis' || name === 'dynamodb' ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name],
  )
}

describe('the rules about records', () => {
  it.each(pathsOf(FROM_KINESIS))('refuse a record of a stream without %s, or with a wrong type', async (path) => {
    const rule = path === 'eventSource' ? 'record-source' : 'kinesis-record'
    expect(await brokenByEvent({ Records: [FROM_KINESIS, changed(FROM_KINESIS, path, undefined)] })).toBe(rule)
    expect(await brokenByEvent({ Records: [changed(FROM_KINESIS, path, {})] })).toBe(rule)
  })

  it.each(pathsOf(FROM_TABLE))('refuse a change of a table without %s, or with a wrong type', async (path) => {
    const rule = path === 'eventSource' ? 'record-source' : 'table-stream-record'
    expect(await brokenByEvent({ Records: [changed(FROM_TABLE, path, undefined)] })).toBe(rule)
    expect(await brokenByEvent({ Records: [changed(FROM_TABLE, path, 'no such thing?')] })).toBe(
      /ID|ARN|Version|Region/.test(path) ? null : rule,
    )
  })

  it.each([
    ['a time in ISO 8601', 'dynamodb.ApproximateCreationDateTime', '2026-03-02T00:00:00.000Z'],
    ['a time in milliseconds', 'dynamodb.ApproximateCreationDateTime', 1479499740000],
    ['binary data as an array', 'dynamodb.NewImage', { x: { B: { 0: 1 } } }],
    ['nested binary data as an array', 'dynamodb.NewImage', { x: { L: [{ B: [1] }] } }],
    ['an image in plain JSON', 'dynamodb.NewImage', { x: 'text' }],
    ['an old image of an insert', 'eventName', 'INSERT'],
    ['a new image of a removal', 'eventName', 'REMOVE'],
    ['a new image of the view OLD_IMAGE', 'dynamodb.StreamViewType', 'OLD_IMAGE'],
  ])('refuse a change of a table with %s', async (_, path, value) => {
    expect(await brokenByEvent({ Records: [changed(FROM_TABLE, path, value)] })).toBe('table-stream-record')
  })

  it('let pass complete records, and events without any', async () => {
    const removed = changed(changed(FROM_TABLE, 'eventName', 'REMOVE'), 'dynamodb.NewImage', undefined)
    expect(await brokenByEvent({ Records: [FROM_KINESIS] })).toBeNull()
    expect(await brokenByEvent({ Records: [FROM_TABLE, removed] })).toBeNull()
    for (const event of [null, {}, { drain: true }]) expect(await brokenByEvent(event)).toBeNull()
  })

  it('are three', () => {
    expect(EVENT_RULES.map(({ name }) => name)).toEqual(['record-source', 'kinesis-record', 'table-stream-record'])
  })
})
