// Tests that each function refuses an event that is not its own by one clear error.

import { describe, expect, it } from 'vitest'
import { invocationTime } from '../../../functions/aws/runtime/invocation-time.ts'
import { toChanges } from '../../../functions/aws/sessions-table/closed-changes.ts'
import { toRecords } from '../../../functions/aws/stream/kinesis-batch.ts'
import { readRollupRequest } from '../../../functions/rollup/rollup-request.ts'
import { readSweepRequest } from '../../../functions/sweep/sweep-request.ts'

type Read = (event: never) => unknown

const SCHEDULED = { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} }
const OF_S3 = { Records: [{ eventSource: 'aws:s3', s3: { bucket: { name: 'photos' } } }] }
const UNKNOWN = [null, undefined, {}, [], 'text', 7, { Records: null }, SCHEDULED, OF_S3]

describe('the event of a function', () => {
  describe.each<[string, Read]>([
    ['ingest', toRecords],
    ['finalize', toChanges],
    ['sweep', readSweepRequest],
    ['rollup', readRollupRequest],
  ])('%s', (name, read) => {
    it.each(UNKNOWN.map((event) => [event]))('is refused by an error that names the function: %j', (event) => {
      expect(() => read(event as never)).toThrow(new RegExp(`^${name} expects `))
    })
  })

  it.each<[string, Read]>([
    ['ingest', toRecords],
    ['finalize', toChanges],
  ])('is refused by %s when one of its records is null', (name, read) => {
    expect(() => read({ Records: [null] } as never)).toThrow(new RegExp(`^${name} expects `))
  })

  it('is refused by finalize when it comes from the Kinesis stream, and by ingest when from the table', () => {
    const ofStream = { Records: [{ eventID: 'shard:1', kinesis: { data: '' } }] }
    const ofTable = { Records: [{ dynamodb: { NewImage: {}, SequenceNumber: '1' } }] }
    expect(() => toChanges(ofStream as never)).toThrow('finalize expects')
    expect(() => toRecords(ofTable as never)).toThrow('ingest expects')
  })

  it('is a drain or a scheduled run for sweep and rollup', () => {
    expect(readSweepRequest({ drain: false })).toEqual({ drain: false, fromMs: 0 })
    expect(readSweepRequest({ drain: true, fromMs: 7 })).toEqual({ drain: true, fromMs: 7 })
    const share = { number: 2, of: 16 }
    expect(readSweepRequest({ drain: false, share })).toEqual({ drain: false, fromMs: 0, share })
    expect(readRollupRequest({ drain: true })).toEqual({ drain: true })
  })

  const SHARES = [null, 2, {}, { number: 2 }, { number: 2, of: 2 }, { number: -1, of: 2 }]
  const WRONG = [{ drain: 'yes' }, { drain: true, fromMs: 'soon' }, { drain: true, fromMs: Number.NaN }]
  it.each([...WRONG, ...SHARES.map((share) => ({ drain: false, share }))])(
    'is refused by sweep with a value of another type: %j',
    (event) => {
      expect(() => readSweepRequest(event)).toThrow('sweep expects')
    },
  )
})

describe('the time of an invocation', () => {
  it('is up when only the reserve is left', () => {
    const time = invocationTime(5000)
    expect(time.hasTime()).toBe(true)
    let leftMs = 5001
    time.begin({ getRemainingTimeInMillis: () => leftMs })
    expect(time.hasTime()).toBe(true)
    leftMs = 5000
    expect(time.hasTime()).toBe(false)
    time.begin({ getRemainingTimeInMillis: () => 60_000 })
    expect(time.hasTime()).toBe(true)
  })
})
