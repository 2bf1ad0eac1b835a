// Checks that a redrive sends every kind of dead letter through its step.

import { gzipSync } from 'node:zlib'
import { InvokeCommand, LambdaClient, RequestTooLargeException } from '@aws-sdk/client-lambda'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { redrive } from '../../../cli/dead-letters/redrive.ts'
import { s3DeadLetters } from '../../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { recordedDeadLetters } from '../../../functions/aws/dead-letters/recorded-dead-letters.ts'
import { toRecords, toRedriveReply } from '../../../functions/aws/stream/kinesis-batch.ts'
import { MINUTE_MS } from '../../../functions/domain/durations.ts'
import { ingest } from '../../../functions/ingest/ingest.ts'
import type { ArrivedRecord } from '../../../functions/ports.ts'
import { at, RULES, record } from '../../support/events.ts'
import { kplRecord } from '../../support/kpl.ts'
import { memoryPipeline } from '../../support/pipeline.ts'

const OPTIONS = { bucket: 'dead-letters', ingest: 'the-ingest', finalize: 'the-finalize', prefixes: [''], day: null }

const s3 = new S3Client({ region: 'us-east-1' })
const lambda = new LambdaClient({ region: 'us-east-1' })
const mockedS3 = mockClient(s3)
const mockedLambda = mockClient(lambda)
const objects = new Map<string, string>()

beforeEach(() => {
  mockedS3.reset()
  mockedLambda.reset()
  objects.clear()
  mockedS3.on(PutObjectCommand).callsFake(({ Key, Body }) => objects.set(Key, String(Body)))
  mockedS3.on(ListObjectsV2Command).callsFake(({ Prefix }) => {
    return { Contents: [...objects.keys()].filter((key) => key.startsWith(Prefix)).map((Key) => ({ Key })) }
  })
  mockedS3.on(GetObjectCommand).callsFake(({ Key }) => ({
    Body: { transformToString: async () => objects.get(Key) },
  }))
})

/**
 * Replaces the ingest function by one on a pipeline in memory, which runs much later than the
 * records arrived.
 */
function ingestOn(pipeline: ReturnType<typeof memoryPipeline>): void {
  mockedLambda.on(InvokeCommand, { FunctionName: 'the-ingest' }).callsFake(async ({ Payload }) => {
    const deadLetters = recordedDeadLetters(pipeline.ports.deadLetters)
    const records = toRecords(JSON.parse(Buffer.from(Payload).toString()))
    const report = await ingest(records, { ...pipeline.ports, deadLetters }, RULES, at(900_000))
    return { Payload: Buffer.from(JSON.stringify(toRedriveReply(report.failed, deadLetters.recorded))) }
  })
}

/** The object that Lambda writes for a batch that it gives up. */
function givenUp(records: readonly ArrivedRecord[]): string {
  const Records = records.map(({ shardId, sequenceNumber, arrivalMs, data }) => ({
    eventID: `${shardId}:${sequenceNumber}`,
    kinesis: { sequenceNumber, data, approximateArrivalTimestamp: arrivalMs / 1000 },
  }))
  return JSON.stringify({ KinesisBatchInfo: { batchSize: records.length }, payload: JSON.stringify({ Records }) })
}

describe('a redrive', () => {
  it('a repeated redrive of a failed batch adds its events once, at the times when they happened', async () => {
    const pipeline = memoryPipeline(RULES)
    ingestOn(pipeline)
    const timeless = record({ type: 'AppOpen', user: 'ann' }, at(60))
    const batch = [record({ type: 'Search', user: 'ann', time: at(0), query: 'dogs' }, at(0)), timeless]
    objects.set('aws/lambda/some-mapping/shardId-000000000000/2026/03/02/batch', givenUp(batch))
    for (let n = 0; n < 3; n++) {
      expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ objects: 1, records: 2, failed: 0 })
    }
    const [session] = pipeline.sessions.states.get('ann')?.open ?? []
    expect(session?.events.map(({ timeMs }) => timeMs)).toEqual([at(0), at(60)])
  })

  it('a redrive accepts an event that is no longer too late, and ingest rejects the rest again', async () => {
    const strict = memoryPipeline({ ...RULES, amendForMs: MINUTE_MS })
    await strict.ingest([record({ type: 'AppOpen', user: 'ann', time: at(5000) }, at(5000))], at(5000))
    const late = record({ type: 'AppOpen', user: 'ann', time: at(4000), eventId: 'late' }, at(5000))
    await strict.ingest([late, record('{', at(5000))], at(5000))
    await s3DeadLetters(s3, 'dead-letters').put(strict.deadLetters.stored)

    const patient = memoryPipeline(RULES)
    ingestOn(patient)
    expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ records: 2, failed: 0, refused: 1 })
    expect(patient.sessions.states.get('ann')?.open[0]?.events).toMatchObject([{ eventId: 'late' }])
    expect(patient.deadLetters.stored).toMatchObject([{ reason: 'not-json', shardId: 'redriven' }])
  })

  it('a redrive sends only the rejected events of a packed record, each with its subsequence number', async () => {
    const strict = memoryPipeline({ ...RULES, amendForMs: MINUTE_MS })
    const open = (user: string, seconds: number): string =>
      JSON.stringify({ type: 'AppOpen', user, time: at(seconds), eventId: `${user}${seconds}` })
    const events = [open('ann', 5000), open('ann', 4000), '7', open('ben', 5000), '[]', open('ann', 3000)]
    const packed = record(
      kplRecord([`[${events.slice(0, 3).join(',')}]`, gzipSync(events.slice(3).join('\n'))]),
      at(5000),
    )
    expect(await strict.ingest([packed], at(5000))).toMatchObject({ accepted: 2, rejected: { 'too-late': 2 } })
    await s3DeadLetters(s3, 'dead-letters').put(strict.deadLetters.stored)

    const patient = memoryPipeline(RULES)
    ingestOn(patient)
    for (let n = 0; n < 2; n++) {
      expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ records: 4, failed: 0 })
    }
    expect([...patient.sessions.states.keys()]).toEqual(['ann'])
    const times = patient.sessions.states.get('ann')?.open.flatMap((session) => session.events.map((one) => one.timeMs))
    expect(times).toEqual([at(3000), at(4000)])
    expect(patient.deadLetters.stored.map(({ subSequence, shardId }) => [subSequence, shardId])).toEqual([
      [2, 'redriven'],
      [4, 'redriven'],
    ])
  })

  it('a redrive continues at the first failed record as long as records are taken', async () => {
    const pipeline = memoryPipeline(RULES)
    ingestOn(pipeline)
    const full = (n: number): Buffer => {
      const events = Array.from({ length: 9000 }, (_, m) => ({
        type: 'AppOpen',
        user: `u${m % 10}`,
        time: at(n),
        eventId: `${n}-${m}`,
      }))
      return gzipSync(JSON.stringify(events))
    }
    objects.set('aws/lambda/batch', givenUp([0, 1, 2, 3, 4, 5, 6].map((n) => record(full(n), at(n)))))
    expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ records: 7, failed: 0 })
    expect(mockedLambda.commandCalls(InvokeCommand)).toHaveLength(3)
    expect(pipeline.progress.sequenceNumber).not.toBeNull()
  })

  it('a redrive counts the records from one that fails again as failed', async () => {
    const pipeline = memoryPipeline(RULES)
    const { saveUser } = pipeline.sessions
    pipeline.sessions.saveUser = (user, ...rest) => {
      return user === 'ben' ? Promise.reject(new Error('throttled')) : saveUser(user, ...rest)
    }
    ingestOn(pipeline)
    const open = (user: string): ArrivedRecord => record({ type: 'AppOpen', user, time: at(0) }, at(0))
    objects.set('aws/lambda/batch', givenUp(['ann', 'ben', 'cleo'].map(open)))
    expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ records: 3, failed: 2 })
  })

  it('a redrive counts a record that Lambda takes for too large as failed, and sends the others', async () => {
    const pipeline = memoryPipeline(RULES)
    ingestOn(pipeline)
    const tooLarge = new RequestTooLargeException({ message: 'too large', Type: 'User', $metadata: {} })
    mockedLambda
      .on(InvokeCommand)
      .rejectsOnce(tooLarge)
      .resolves({ Payload: Buffer.from('{}') as never })
    const open = (user: string): ArrivedRecord => record({ type: 'AppOpen', user, time: at(0) }, at(0))
    objects.set('aws/lambda/1', givenUp([open('ann')]))
    objects.set('aws/lambda/2', givenUp([open('ben')]))
    expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ objects: 2, records: 2, failed: 1 })
  })

  it('a redrive records no progress of a real shard', async () => {
    const pipeline = memoryPipeline(RULES)
    const shards: string[] = []
    pipeline.ports.progress.record = async (shardId) => {
      shards.push(shardId)
    }
    ingestOn(pipeline)
    objects.set('aws/lambda/batch', givenUp([record({ type: 'AppOpen', user: 'ann' }, at(0))]))
    await redrive(OPTIONS, s3, lambda, () => {})
    expect(shards).toEqual(['redriven'])
  })

  it('a redrive sends a copy only where its original is gone', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([record('{', at(0)), record('[', at(0))], at(0))
    await s3DeadLetters(s3, 'dead-letters').put(pipeline.deadLetters.stored)
    const originals = new Map(objects)
    const again = memoryPipeline(RULES)
    ingestOn(again)
    for (let n = 0; n < 2; n++) {
      expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ objects: 1, records: 2, refused: 2 })
      await s3DeadLetters(s3, 'dead-letters').put(again.deadLetters.stored.slice(-2))
    }
    expect([...objects.keys()].filter((key) => key.includes('/redriven/'))).toHaveLength(1)
    for (const key of originals.keys()) objects.delete(key)
    expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ objects: 1, records: 2, refused: 2 })
  })

  it('--day selects records that arrived on that day, whatever their prefix', async () => {
    const pipeline = memoryPipeline(RULES)
    ingestOn(pipeline)
    const open = (user: string, seconds: number) => record({ type: 'AppOpen', user, time: at(seconds) }, at(seconds))
    objects.set('aws/lambda/batch', givenUp([open('ann', 0), open('ben', 86_400)]))
    const day = new Date(at(86_400)).toISOString().slice(0, 10)
    const request = { ...OPTIONS, prefixes: ['aws/'], day }
    expect(await redrive(request, s3, lambda, () => {})).toMatchObject({ records: 1, failed: 0 })
    expect([...pipeline.sessions.states.keys()]).toEqual(['ben'])
    const other = { ...OPTIONS, prefixes: ['aws/'], day: '2020-01-01' }
    expect(await redrive(other, s3, lambda, () => {})).toMatchObject({ objects: 0, records: 0 })
  })

  it('a redrive sends a failed batch of the table’s stream to finalize unchanged', async () => {
    const Records = [{ eventName: 'MODIFY', dynamodb: { SequenceNumber: '7', NewImage: { kind: { S: 'closed' } } } }]
    objects.set('aws/lambda/batch', JSON.stringify({ DDBStreamBatchInfo: {}, payload: JSON.stringify({ Records }) }))
    mockedLambda.on(InvokeCommand).resolves({ Payload: Buffer.from('{"batchItemFailures":[]}') as never })
    expect(await redrive(OPTIONS, s3, lambda, () => {})).toMatchObject({ records: 1, failed: 0 })
    const [call] = mockedLambda.commandCalls(InvokeCommand)
    expect(call?.args[0].input.FunctionName).toBe('the-finalize')
    expect(JSON.parse(Buffer.from(call?.args[0].input.Payload as Uint8Array).toString())).toEqual({ Records })
  })

  it('a redrive counts failures and objects that hold no dead letter, and continues', async () => {
    objects.set('rejected/x.ndjson', 'no JSON\n')
    objects.set('stray.json', '{}')
    objects.set('aws/lambda/batch', givenUp([record({ type: 'AppOpen', user: 'ann' }, at(0))]))
    mockedLambda.on(InvokeCommand).resolves({ FunctionError: 'Unhandled', Payload: Buffer.from('{}') as never })
    expect(await redrive(OPTIONS, s3, lambda, () => {})).toEqual({
      objects: 3,
      records: 1,
      failed: 1,
      refused: 0,
      unreadable: ['rejected/x.ndjson', 'stray.json'],
    })
  })
})
