// Checks that the producer keeps within Kinesis' limits, and retries throttled records.

import { gzipSync } from 'node:zlib'
import {
  KinesisClient,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  type PutRecordsResultEntry,
} from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import { describe, expect, it } from 'vitest'
import { type Produced, produce } from '../../../local/replay/producer.ts'

const MIB = 1024 * 1024

interface Outcome extends Produced {
  /** The records of each request. */
  readonly requests: readonly (readonly PutRecordsRequestEntry[])[]
  readonly progress: readonly number[]
}

async function* each(lines: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const line of lines) yield Buffer.from(line)
}

/** @param refuses whether the stream refuses this record of the n-th request, counted from 1. */
async function run(
  lines: readonly (string | Buffer)[],
  refuses: (data: string, request: number) => boolean = () => false,
): Promise<Outcome> {
  const client = new KinesisClient({ region: 'us-east-1' })
  const mock = mockClient(client)
  const requests: PutRecordsRequestEntry[][] = []
  mock
    .on(PutRecordsCommand)
    .callsFake(({ StreamName, Records }: { StreamName: string; Records: PutRecordsRequestEntry[] }) => {
      expect(StreamName).toBe('events')
      requests.push([...Records])
      const results = Records.map(
        (record): PutRecordsResultEntry =>
          refuses(textOf(record), requests.length)
            ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'slow down' }
            : { SequenceNumber: '1', ShardId: 'shardId-000000000000' },
      )
      return { Records: results, FailedRecordCount: results.filter(({ ErrorCode }) => ErrorCode !== undefined).length }
    })
  const progress: number[] = []
  const produced = await produce(each(lines), 'events', client, (sent) => progress.push(sent))
  return { ...produced, requests, progress }
}

function textOf(record: PutRecordsRequestEntry): string {
  return Buffer.from(record.Data ?? []).toString('utf8')
}

function bytesOf(records: readonly PutRecordsRequestEntry[]): number {
  return records.reduce((sum, { Data, PartitionKey }) => {
    return sum + (Data?.length ?? 0) + Buffer.byteLength(PartitionKey ?? '')
  }, 0)
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, n) => JSON.stringify({ user: n % 7, n }))
}

/** Makes a line that, with its partition key, has exactly this size. */
function weighing(bytes: number, user = 'ann'): string {
  const empty = JSON.stringify({ user, query: '' }).length
  return JSON.stringify({ user, query: 'q'.repeat(bytes - user.length - empty) })
}

describe('the records', () => {
  it('sends the lines byte for byte and in order', async () => {
    const odd = Buffer.from([0x7b, 0xff, 0x7d])
    const { requests } = await run(['{"user":"ann"}', odd, ' spaced \r'])
    expect(requests.flat().map(({ Data }) => Buffer.from(Data ?? []))).toEqual([
      Buffer.from('{"user":"ann"}'),
      odd,
      Buffer.from(' spaced \r'),
    ])
  })

  it('sends nothing for an empty log', async () => {
    expect(await run([])).toMatchObject({ lines: 0, events: 0, sent: 0, tooLarge: [], requests: [] })
  })

  it('counts the events in each line, and a line that is no event or too large as one', async () => {
    const lines = ['{"user":1}', '[{"user":1},7,{"user":2}]', '[]', '{', weighing(2 * MIB), gzipSync('{}\n{}')]
    expect(await run(lines)).toMatchObject({ lines: 6, events: 8, sent: 5 })
  })

  it('reports the lines in the stream after each request', async () => {
    const { lines, sent, progress } = await run(numbered(1200))
    expect([lines, sent]).toEqual([1200, 1200])
    expect(progress.at(-1)).toBe(1200)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
    expect(progress).toHaveLength(3)
  })
})

describe('a request', () => {
  it('fills each request with 500 records', async () => {
    const { requests } = await run(numbered(1001))
    expect(requests.map((records) => records.length)).toEqual([500, 500, 1])
  })

  it('fills each request up to 5 MiB with the keys', async () => {
    const { requests } = await run(Array.from({ length: 12 }, () => weighing(MIB)))
    expect(requests.map((records) => records.length)).toEqual([5, 5, 2])
    for (const records of requests) expect(bytesOf(records)).toBeLessThanOrEqual(5 * MIB)
  })

  it('ends a request before the record that would make it too large', async () => {
    const { requests } = await run([
      ...Array.from({ length: 4 }, () => weighing(MIB)),
      weighing(MIB - 99),
      weighing(100),
    ])
    expect(requests.map(bytesOf)).toEqual([5 * MIB - 99, 100])
  })
})

describe('a line', () => {
  it('sends a line of 1 MiB with its key, and returns one that is a byte larger', async () => {
    const tooLarge = weighing(MIB + 1)
    const outcome = await run(['{"user":1}', tooLarge, weighing(MIB), '{"user":2}'])
    expect(outcome.tooLarge.map((line) => line.toString())).toEqual([tooLarge])
    expect(outcome.lines).toBe(4)
    expect(outcome.sent).toBe(3)
    expect(outcome.requests.flat().map(textOf)).toEqual(['{"user":1}', weighing(MIB), '{"user":2}'])
  })

  it('does not end a request at a line that is too large', async () => {
    const { requests } = await run(['{"user":1}', weighing(2 * MIB), '{"user":2}'])
    expect(requests.map((records) => records.length)).toEqual([2])
  })
})

describe('the partition key', () => {
  async function keyOf(line: string): Promise<string> {
    const { requests } = await run([line])
    return requests[0]?.[0]?.PartitionKey ?? ''
  }

  it('uses the user as the partition key', async () =>
    expect(await keyOf('{"type":"Search","user":"ann"}')).toBe('ann'))

  it('uses the same partition key for a user as a number and as text', async () => {
    expect(await keyOf('{"user":17}')).toBe('17')
    expect(await keyOf('{"user":"17"}')).toBe('17')
  })

  it('uses a user of 256 characters, which is the longest partition key', async () => {
    expect(await keyOf(JSON.stringify({ user: 'é'.repeat(256) }))).toBe('é'.repeat(256))
  })

  it.each(['é'.repeat(257), '🙂'.repeat(129)])(
    'uses a digest of a user that is too long for a partition key',
    async (user) => {
      expect(await keyOf(JSON.stringify({ user }))).toMatch(/^[0-9a-f]{64}$/)
      expect(await keyOf(JSON.stringify({ user }))).toBe(await keyOf(JSON.stringify({ user, type: 'Search' })))
    },
  )

  it.each(['not JSON', '{}', '{"user":""}', '{"user":null}', '{"user":{}}', '[]', 'null', '7'])(
    'uses a digest of the line if the line names no user: %s',
    async (line) => {
      expect(await keyOf(line)).toMatch(/^[0-9a-f]{64}$/)
      expect(await keyOf(line)).toBe(await keyOf(line))
      expect(await keyOf(line)).not.toBe(await keyOf(`${line} `))
    },
  )
})

describe('a throttled record', () => {
  // This test includes the producer's two waits, 0.3 s in all.
  it('retries throttled records alone, before any later record', async () => {
    const lines = numbered(502)
    const [early, late] = [lines[3], lines[499]]
    const { requests, sent } = await run(lines, (data, request) => {
      return (data === early && request === 1) || (data === late && request <= 2)
    })
    expect(requests.map((records) => records.length)).toEqual([500, 2, 1, 2])
    expect(requests.slice(1).map((records) => records.map(textOf))).toEqual([[early, late], [late], lines.slice(500)])
    expect(sent).toBe(502)
  })
})
