// DeadLetters on S3: refused records in, the objects that a scripted bucket was given out.

import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { s3DeadLetters } from '../../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { REJECTED_PREFIX } from '../../../functions/contract.ts'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import type { DeadLetter } from '../../../functions/ports.ts'
import { at } from '../../support/events.ts'

const SEED = 20260302
const MEGABYTE = 1024 * 1024

const client = new S3Client({ region: 'us-east-1' })
const mocked = mockClient(client)
const letters = s3DeadLetters(client, 'refused')

beforeEach(() => {
  mocked.reset()
  mocked.on(PutObjectCommand).resolves({})
})

function letter(n: number, own: Partial<DeadLetter> = {}): DeadLetter {
  return {
    reason: 'not-json',
    detail: 'not JSON',
    shardId: 'shardId-000000000003',
    sequenceNumber: `4959${n}`,
    arrivalMs: at(n),
    subSequence: null,
    data: Buffer.from(`record ${n}`).toString('base64'),
    ...own,
  }
}

function puts() {
  return mocked.commandCalls(PutObjectCommand).map((call) => call.args[0].input)
}

/** The objects of the bucket: one put again under its key replaces the one before. */
function objects(): Map<string, string> {
  return new Map(puts().map(({ Key: key, Body: body }) => [String(key), String(body)]))
}

function lines(): Record<string, string | number>[] {
  return [...objects().values()].flatMap((body) => {
    expect(body.endsWith('\n')).toBe(true)
    return body
      .slice(0, -1)
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string | number>)
  })
}

describe('dead letters', () => {
  it('of events of a packed record say their places, which tell the events of one record apart', async () => {
    const events = [0, 3, 12].map((subSequence) =>
      letter(1, { subSequence, data: Buffer.from(`${subSequence}`).toString('base64') }),
    )
    await letters.put([...events, letter(2)])
    expect(lines().map(({ sequence, subSequence }) => [sequence, subSequence])).toEqual([
      ['49591', 0],
      ['49591', 3],
      ['49591', 12],
      ['49592', undefined],
    ])
  })

  it('of one packed record are kept in several objects where one is not enough, each under its own name', async () => {
    const large = Array.from({ length: 10 }, (_, subSequence) => letter(1, { subSequence, data: 'A'.repeat(MEGABYTE) }))
    await letters.put(large)
    expect(objects().size).toBe(puts().length)
    expect(objects().size).toBeGreaterThan(1)
    expect(lines().map(({ subSequence }) => subSequence)).toEqual(large.map(({ subSequence }) => subSequence))
    const before = objects()
    await letters.put(large)
    expect(objects()).toEqual(before)
  })

  it('of one batch are one object', async () => {
    await letters.put([letter(1), letter(2), letter(3)])
    expect(puts()).toHaveLength(1)
    expect(puts()[0]?.Bucket).toBe('refused')
    expect(puts()[0]?.Key?.startsWith(REJECTED_PREFIX)).toBe(true)
    expect(lines().map((line) => line.sequence)).toEqual(['49591', '49592', '49593'])
  })

  it('say what was refused, why, and where it was', async () => {
    const late = letter(5, { reason: 'late', detail: 'behind the watermark of its user' })
    await letters.put([late])
    expect(lines()).toEqual([
      {
        reason: 'late',
        detail: 'behind the watermark of its user',
        shard: 'shardId-000000000003',
        sequence: '49595',
        arrival: '2026-03-02T00:00:05.000Z',
        data: late.data,
      },
    ])
  })

  it('hold their data byte for byte, and one line each', async () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 20 }), async (payloads) => {
        mocked.resetHistory()
        await letters.put(payloads.map((data, n) => letter(n, { data: Buffer.from(data).toString('base64') })))
        expect(lines().map((line) => new Uint8Array(Buffer.from(line.data as string, 'base64')))).toEqual(payloads)
      }),
      { seed: SEED, numRuns: 100 },
    )
  })

  it('of the same batch again are the same object', async () => {
    await letters.put([letter(1), letter(2)])
    const before = objects()
    await letters.put([letter(1), letter(2)])
    expect(puts()).toHaveLength(2)
    expect(objects()).toEqual(before)
  })

  it.each<[string, readonly DeadLetter[]]>([
    ['another shard', [letter(1, { shardId: 'shardId-000000000004' })]],
    ['later records', [letter(2)]],
    ['more records from the same one on', [letter(1), letter(2)]],
    ['another day', [letter(1, { arrivalMs: at(1) + DAY_MS })]],
  ])('of %s are kept beside those there are', async (_, others) => {
    await letters.put([letter(1)])
    await letters.put(others)
    expect(objects().size).toBe(2)
  })

  it('that are large are split, in order and without loss', async () => {
    const large = Array.from({ length: 10 }, (_, n) => letter(n, { data: 'A'.repeat(MEGABYTE) }))
    await letters.put(large)
    expect(objects().size).toBe(puts().length)
    expect(objects().size).toBeGreaterThan(1)
    for (const body of objects().values()) expect(body.length).toBeLessThan(5 * MEGABYTE)
    expect(lines().map((line) => line.sequence)).toEqual(large.map((sent) => sent.sequenceNumber))
    const before = objects()
    await letters.put(large)
    expect(objects()).toEqual(before)
  })

  it('that are larger than any object should be have one of their own', async () => {
    await letters.put([letter(1), letter(2, { data: 'A'.repeat(14 * MEGABYTE) }), letter(3)])
    expect(lines().map((line) => line.sequence)).toEqual(['49591', '49592', '49593'])
    expect([...objects().values()].filter((body) => body.length > 14 * MEGABYTE)).toHaveLength(1)
  })

  it('of an empty batch are no object', async () => {
    await letters.put([])
    expect(puts()).toEqual([])
  })

  it('that cannot all be kept fail with the error of the bucket', async () => {
    const denied = new S3ServiceException({ name: 'AccessDenied', $fault: 'client', $metadata: {} })
    mocked.on(PutObjectCommand).resolvesOnce({}).rejects(denied)
    const large = [1, 2].map((n) => letter(n, { data: 'A'.repeat(3 * MEGABYTE) }))
    await expect(letters.put(large)).rejects.toBe(denied)
  })
})
