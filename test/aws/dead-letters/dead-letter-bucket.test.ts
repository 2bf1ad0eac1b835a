// Tests which objects ingest's dead letters become in a scripted bucket.

import { gzipSync } from 'node:zlib'
import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { s3DeadLetters } from '../../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { toRedriveInvocations } from '../../../functions/aws/dead-letters/dead-letter-objects.ts'
import { rejectedLines, rejectedText } from '../../../functions/aws/dead-letters/rejected-line.ts'
import { REJECTED_PREFIX } from '../../../functions/contract.ts'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import { ingest } from '../../../functions/ingest/ingest.ts'
import type { DeadLetter } from '../../../functions/ports.ts'
import { at, RULES } from '../../support/events.ts'
import { memoryPipeline } from '../../support/pipeline.ts'

const SEED = 20260302
const MEGABYTE = 1024 * 1024

const client = new S3Client({ region: 'us-east-1' })
const mocked = mockClient(client)
const deadLetters = s3DeadLetters(client, 'refused')

beforeEach(() => {
  mocked.reset()
  mocked.on(PutObjectCommand).resolves({})
})

function deadLetter(n: number, own: Partial<DeadLetter> = {}): DeadLetter {
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

/** The objects of the bucket. A later object replaces an earlier one with the same key. */
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
  it('hold the subsequence number of an event of a packed record', async () => {
    const events = [0, 3, 12].map((subSequence) =>
      deadLetter(1, { subSequence, data: Buffer.from(`${subSequence}`).toString('base64') }),
    )
    await deadLetters.put([...events, deadLetter(2)])
    expect(lines().map(({ sequence, subSequence }) => [sequence, subSequence])).toEqual([
      ['49591', 0],
      ['49591', 3],
      ['49591', 12],
      ['49592', undefined],
    ])
  })

  it('from one packed record fill several objects where one is too small, under names of their own', async () => {
    const large = Array.from({ length: 10 }, (_, subSequence) =>
      deadLetter(1, { subSequence, data: 'A'.repeat(MEGABYTE) }),
    )
    await deadLetters.put(large)
    expect(objects().size).toBe(puts().length)
    expect(objects().size).toBeGreaterThan(1)
    expect(lines().map(({ subSequence }) => subSequence)).toEqual(large.map(({ subSequence }) => subSequence))
    const before = objects()
    await deadLetters.put(large)
    expect(objects()).toEqual(before)
  })

  it('dead letters of a small record with thousands of bad events take little space, and none is lost', async () => {
    const events = Array.from({ length: 9999 }, (_, n) => ({ type: 'Serch', user: `user ${n}`, text: 'x'.repeat(700) }))
    const data = gzipSync(JSON.stringify(events)).toString('base64')
    const pipeline = memoryPipeline(RULES)
    const ports = { ...pipeline.ports, deadLetters }
    const record = {
      shardId: 'shardId-000000000003',
      sequenceNumber: '4959',
      arrivalMs: at(0),
      data,
      subSequence: null,
    }
    const report = await ingest([record], ports, RULES, at(0))
    expect(report).toMatchObject({ rejected: { 'unknown-type': 9999 }, failed: null })
    const stored = [...objects()]
    const bytes = stored.reduce((sum, [, text]) => sum + text.length, 0)
    expect(bytes).toBeLessThan(10 * data.length)
    expect(stored.map(([, text]) => text.split('\n').length - 1)).toEqual(stored.map(() => 101))
    const redriven = stored
      .flatMap(([key, text]) => toRedriveInvocations(key, text))
      .flatMap(({ event }) => event.Records)
    const sentAgain = redriven.map((one) => {
      const { kinesis } = one as { kinesis: { data: string; subSequence: number } }
      return [kinesis.subSequence, JSON.parse(Buffer.from(kinesis.data, 'base64').toString())]
    })
    expect(sentAgain).toEqual(events.map((event, n) => [n, event]))
  })

  it('dead letters beyond the first 100 of an object are packed and counted, and a damaged packed line stays', () => {
    const all = Array.from({ length: 250 }, (_, n) => JSON.stringify({ n }))
    const text = rejectedText(all)
    expect(rejectedLines(text)).toEqual(all)
    expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ packed: 150 })
    const damaged = '{"packed":150,"lines":"H4sI"}'
    expect(rejectedLines(`${all[0]}\n${damaged}\n`)).toEqual([all[0], damaged])
    expect(rejectedText(all.slice(0, 100))).toBe(`${all.slice(0, 100).join('\n')}\n`)
  })

  it('from one batch fill one object', async () => {
    await deadLetters.put([deadLetter(1), deadLetter(2), deadLetter(3)])
    expect(puts()).toHaveLength(1)
    expect(puts()[0]?.Bucket).toBe('refused')
    expect(puts()[0]?.Key?.startsWith(REJECTED_PREFIX)).toBe(true)
    expect(lines().map((line) => line.sequence)).toEqual(['49591', '49592', '49593'])
  })

  it('hold the reason, the record and where it came from', async () => {
    const late = deadLetter(5, { reason: 'late', detail: "time: before its user's watermark" })
    await deadLetters.put([late])
    expect(lines()).toEqual([
      {
        reason: 'late',
        detail: "time: before its user's watermark",
        shard: 'shardId-000000000003',
        sequence: '49595',
        arrival: '2026-03-02T00:00:05.000Z',
        data: late.data,
      },
    ])
  })

  it('hold their data byte for byte, one line each', async () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 20 }), async (payloads) => {
        mocked.resetHistory()
        await deadLetters.put(payloads.map((data, n) => deadLetter(n, { data: Buffer.from(data).toString('base64') })))
        expect(lines().map((line) => new Uint8Array(Buffer.from(line.data as string, 'base64')))).toEqual(payloads)
      }),
      { seed: SEED, numRuns: 100 },
    )
  })

  it('from the same batch replace their object', async () => {
    await deadLetters.put([deadLetter(1), deadLetter(2)])
    const before = objects()
    await deadLetters.put([deadLetter(1), deadLetter(2)])
    expect(puts()).toHaveLength(2)
    expect(objects()).toEqual(before)
  })

  it.each<[string, readonly DeadLetter[]]>([
    ['another shard', [deadLetter(1, { shardId: 'shardId-000000000004' })]],
    ['later records', [deadLetter(2)]],
    ['more records from the same one on', [deadLetter(1), deadLetter(2)]],
    ['another day', [deadLetter(1, { arrivalMs: at(1) + DAY_MS })]],
  ])('from %s do not replace those that are stored', async (_, others) => {
    await deadLetters.put([deadLetter(1)])
    await deadLetters.put(others)
    expect(objects().size).toBe(2)
  })

  it('are split into several objects when they are large, in order and without loss', async () => {
    const large = Array.from({ length: 10 }, (_, n) => deadLetter(n, { data: 'A'.repeat(MEGABYTE) }))
    await deadLetters.put(large)
    expect(objects().size).toBe(puts().length)
    expect(objects().size).toBeGreaterThan(1)
    for (const body of objects().values()) expect(body.length).toBeLessThan(5 * MEGABYTE)
    expect(lines().map((line) => line.sequence)).toEqual(large.map((sent) => sent.sequenceNumber))
    const before = objects()
    await deadLetters.put(large)
    expect(objects()).toEqual(before)
  })

  it('fill an object alone when one exceeds the size of an object', async () => {
    await deadLetters.put([deadLetter(1), deadLetter(2, { data: 'A'.repeat(14 * MEGABYTE) }), deadLetter(3)])
    expect(lines().map((line) => line.sequence)).toEqual(['49591', '49592', '49593'])
    expect([...objects().values()].filter((body) => body.length > 14 * MEGABYTE)).toHaveLength(1)
  })

  it('from an empty batch make no object', async () => {
    await deadLetters.put([])
    expect(puts()).toEqual([])
  })

  it('fail with the error of the bucket when an object is not stored', async () => {
    const denied = new S3ServiceException({ name: 'AccessDenied', $fault: 'client', $metadata: {} })
    mocked.on(PutObjectCommand).resolvesOnce({}).rejects(denied)
    const large = [1, 2].map((n) => deadLetter(n, { data: 'A'.repeat(3 * MEGABYTE) }))
    await expect(deadLetters.put(large)).rejects.toBe(denied)
  })
})
