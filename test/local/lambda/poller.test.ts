// Checks how a poller batches the records of a shard, waits for them, and gives batches up.

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, expect, it } from 'vitest'
import { readFailedBatch } from '../../../functions/aws/dead-letters/failed-batch.ts'
import { FunctionError } from '../../../local/lambda/function-process.ts'
import { type Page, type PolledStream, type Poller, startPoller } from '../../../local/lambda/poller.ts'
import type { MappingSpec } from '../../../local/template/pipeline-spec.ts'

const MAPPING: MappingSpec = {
  functionName: 'Ingest',
  sourceName: 'Events',
  batchSize: 3,
  windowMs: 0,
  bisects: true,
  reportsFailures: true,
  retriesMax: 0,
  recordAgeMsMax: -1,
  failureBucket: 'dead-letters',
  filters: [],
}
const EMPTY: Page<string> = { records: [], isEmpty: true, hasMore: false }

let poller: Poller | undefined
afterEach(() => poller?.stop())

/** A record is its sequence number. The shards have these pages, and no records after them. */
function streamOf(pagesByShard: Readonly<Record<string, readonly Page<string>[]>>): PolledStream<string> {
  return {
    title: 'stream Events',
    idleMsMax: 5,
    listShards: async () => Object.keys(pagesByShard),
    openShard: async (shardId) => {
      const pages = [...(pagesByShard[shardId] ?? [])]
      return { read: async () => pages.shift() ?? EMPTY }
    },
    sequenceNumber: (record) => record,
    nextBatch: (waiting) => waiting.slice(0, MAPPING.batchSize),
    failedBatch: (shardId) => ({ folder: shardId, info: { KinesisBatchInfo: { shardId } } }),
  }
}

function page(records: readonly string[], hasMore = false): Page<string> {
  return { records, isEmpty: false, hasMore }
}

/** Polls until every record is delivered or given up. A batch with the record `poison` fails. */
async function poll(stream: PolledStream<string>, poison?: string) {
  const s3 = new S3Client({ region: 'us-east-1' })
  const mocked = mockClient(s3).on(PutObjectCommand).resolves({})
  const invoked: (readonly string[])[] = []
  const invoke = async (event: unknown): Promise<unknown> => {
    const { Records: records } = event as { Records: readonly string[] }
    invoked.push(records)
    if (poison !== undefined && records.includes(poison)) throw new FunctionError('broken')
    return { batchItemFailures: [] }
  }
  poller = startPoller(stream, MAPPING, { invoke, stop: async () => {} }, s3)
  await poller.caughtUp()
  const written = mocked.commandCalls(PutObjectCommand).map(({ args }) => args[0].input)
  return { invoked, written, counts: poller.counts() }
}

it('delivers full batches while a shard has more records, and the rest at its end', async () => {
  const stream = streamOf({ shard: [page(['1', '2'], true), page(['3', '4'], true), page(['5'])] })
  const { invoked, counts } = await poll(stream)
  expect(invoked).toEqual([
    ['1', '2', '3'],
    ['4', '5'],
  ])
  expect(counts).toEqual({ delivered: 5, discarded: 0 })
})

it('delivers nothing for a page whose records do not pass the filters', async () => {
  const { invoked } = await poll(streamOf({ shard: [page([]), page(['1'])] }))
  expect(invoked).toEqual([['1']])
})

it('is caught up only when every shard is', async () => {
  const stream = streamOf({ first: [], second: [page(['1']), page(['2'])] })
  expect((await poll(stream)).counts.delivered).toBe(2)
})

it('writes a record that always fails to the bucket, in the shape that the dead letters read', async () => {
  const { written, counts } = await poll(streamOf({ shard: [page(['1', '2', '3'])] }), '2')
  expect(counts).toEqual({ delivered: 2, discarded: 1 })
  expect(written.map(({ Bucket, Key }) => [Bucket, Key])).toEqual([['dead-letters', 'aws/lambda/local/shard/2.json']])
  expect(readFailedBatch(String(written[0]?.Body))).toMatchObject({ records: ['2'], cause: 'broken', shardId: 'shard' })
})

it('rejects with the error that ended the poller', async () => {
  const stream = { ...streamOf({ shard: [] }), openShard: () => Promise.reject(new Error('no such shard')) }
  await expect(poll(stream)).rejects.toThrow('no such shard')
  await expect(poller?.ended).rejects.toThrow('no such shard')
})
