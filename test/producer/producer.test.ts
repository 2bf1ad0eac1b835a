// Tests the producer against a stand-in for Kinesis: each event is in the stream or in an error.

import {
  KinesisClient,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  ResourceNotFoundException,
} from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import {
  createProducer,
  type EventInput,
  EventRejectedError,
  EventsNotSentError,
  type Producer,
  type ProducerOptions,
} from '../../producer/producer.ts'
import { at } from '../support/events.ts'
import { SEED } from '../support/random-log.ts'

const MIB = 1024 * 1024

type Refuses = (record: PutRecordsRequestEntry, request: number) => boolean

interface Stream {
  readonly client: KinesisClient
  readonly producer: Producer
  readonly requests: PutRecordsRequestEntry[][]
  /** The records that the stream accepted, in order. */
  readonly accepted: PutRecordsRequestEntry[]
  readonly waits: number[]
}

/**
 * @param refuses returns whether the stream refuses a record of the n-th request, counted from 1.
 * It may throw.
 */
function producing(refuses: Refuses = () => false, options: Partial<ProducerOptions> = {}): Stream {
  const client = new KinesisClient({ region: 'us-east-1' })
  const requests: PutRecordsRequestEntry[][] = []
  const accepted: PutRecordsRequestEntry[] = []
  const waits: number[] = []
  let ids = 0
  mockClient(client)
    .on(PutRecordsCommand)
    .callsFake(async ({ Records }: { Records: PutRecordsRequestEntry[] }) => {
      requests.push([...Records])
      const request = requests.length
      const outcomes = Records.map((record) => {
        if (refuses(record, request)) return { ErrorCode: 'ProvisionedThroughputExceededException' }
        accepted.push(record)
        return { SequenceNumber: '1' }
      })
      return { Records: outcomes }
    })
  const ports = {
    nowMs: () => at(0),
    newEventId: () => `id-${++ids}`,
    random: () => 1,
    wait: async (ms: number) => void waits.push(ms),
  }
  const producer = createProducer({ streamName: 'events', client, ...options }, ports)
  return { client, producer, requests, accepted, waits }
}

const search = (user: string | number, query: string): EventInput => ({ type: 'Search', user, query })

/** Unpacks records as ingest does. */
function eventsIn(records: readonly PutRecordsRequestEntry[]): Record<string, unknown>[] {
  return records.flatMap(({ Data }) =>
    recordEvents(Buffer.from(Data ?? [])).events.map(({ read }) => {
      const parsed = read()
      if (!parsed.ok) throw new Error(parsed.detail)
      expect(decodeEvent(parsed.value, at(0), 0, sha256).ok).toBe(true)
      return parsed.value as Record<string, unknown>
    }),
  )
}

const queriesIn = (records: readonly PutRecordsRequestEntry[]): unknown[] => eventsIn(records).map(({ query }) => query)

describe('an event', () => {
  it('the producer adds an id and a time where an event has none', async () => {
    const { producer, accepted } = producing()
    await producer.sendAll([search('ann', 'dogs'), { ...search('ben', 'cats'), eventId: 'mine', time: at(-1) }])
    expect(eventsIn(accepted)).toEqual([
      { type: 'Search', user: 'ann', query: 'dogs', eventId: 'id-1', time: at(0) },
      { type: 'Search', user: 'ben', query: 'cats', eventId: 'mine', time: at(-1) },
    ])
  })

  it('every retry sends the same id and time', async () => {
    const { producer, requests } = producing((_, request) => request < 3)
    await producer.send(search('ann', 'dogs'))
    expect(requests).toHaveLength(3)
    expect(new Set(requests.map((records) => JSON.stringify(eventsIn(records)))).size).toBe(1)
  })

  it('the partition key is the user as text', async () => {
    const { producer, accepted } = producing()
    await producer.sendAll([search(17, 'dogs'), search('17', 'cats'), search('ann', 'fish')])
    expect(accepted.map(({ PartitionKey }) => PartitionKey)).toEqual(['17', 'ann'])
  })

  it.each([
    [null, 'not-an-event'],
    ['Search', 'not-an-event'],
    [{ type: 'AppOpen', user: 17n }, 'not-json'],
    [{ type: 'AppOpen', user: 'ann', time: Number.NaN }, 'invalid-field'],
    [{ type: 'AppOpen', user: 'ann', time: Number.POSITIVE_INFINITY }, 'invalid-field'],
    [{ type: 'AppOpen', user: 'ann', time: new Date(Number.NaN) }, 'invalid-field'],
    [{ type: 'AppOpen', user: 'ann', eventId: Number.NaN }, 'invalid-field'],
    [{ type: 'Search', user: 'ann' }, 'missing-field'],
    [{ type: 'search', user: 'ann', query: 'x' }, 'unknown-type'],
    [{ type: 'ClickResult', user: 'ann', item: 'a', position: 0 }, 'invalid-field'],
    [{ type: 'Results', user: 'ann', items: Array(1000).fill('é'.repeat(600)) }, 'too-large'],
  ])('the producer refuses an event that ingest would reject: %#', async (event, reason) => {
    const { producer, requests } = producing()
    const rejection = await producer.send(event as EventInput).catch((error: unknown) => error)
    expect(rejection).toBeInstanceOf(EventRejectedError)
    expect(rejection).toMatchObject({ reason, event })
    await expect(producer.sendAll([search('ann', 'dogs'), event as EventInput])).rejects.toThrow(EventRejectedError)
    await producer.close()
    expect(requests).toEqual([])
  })
})

describe('a request', () => {
  it('a request has one record for each user, with the user’s events in order', async () => {
    const { producer, requests } = producing()
    await producer.sendAll(['a', 'b', 'c', 'd'].map((query, n) => search(n % 2, query)))
    expect(requests.map((records) => records.map((one) => queriesIn([one])))).toEqual([
      [
        [
          ['a', 'c'],
          ['b', 'd'],
        ],
      ].flat(),
    ])
  })

  it('a request has at most 500 records and 5 MiB, and a record at most 1 MiB', async () => {
    const event = fc.record({ user: fc.nat({ max: 700 }), length: fc.constantFrom(1, 100, 5000, 200_000) })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 700, size: 'max' }), async (drawn) => {
        const { producer, requests, accepted } = producing()
        await producer.sendAll(drawn.map(({ user, length }) => search(user, 'q'.repeat(length))))
        for (const records of requests) {
          const sizes = records.map(({ Data, PartitionKey = '' }) => (Data?.length ?? 0) + PartitionKey.length)
          expect(records.length).toBeLessThanOrEqual(500)
          expect(Math.max(...sizes)).toBeLessThanOrEqual(MIB)
          expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(5 * MIB)
        }
        expect(eventsIn(accepted)).toHaveLength(drawn.length)
      }),
      { seed: SEED, numRuns: 6 },
    )
  })

  it('an event waits for the linger time so that others share its request', async () => {
    const { producer, requests, waits } = producing(undefined, { lingerMs: 250 })
    await Promise.all([producer.send(search('ann', 'a')), producer.send(search('ben', 'b'))])
    expect(requests).toHaveLength(1)
    expect(waits).toEqual([250])
  })
})

describe('a refused record', () => {
  it('retries lose no event and keep each user’s events in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.boolean()),
        async (users, coins) => {
          const { producer, accepted } = producing(() => coins.next().value === true, { triesMax: 100 })
          await Promise.all([
            producer.sendAll(users.slice(0, 30).map((user, n) => search(user, String(n)))),
            producer.sendAll(users.slice(30).map((user, n) => search(user, String(30 + n)))),
          ])
          for (const user of new Set(users)) {
            const mine = users.flatMap((one, n) => (one === user ? [String(n)] : []))
            expect(queriesIn(accepted.filter(({ PartitionKey }) => PartitionKey === String(user)))).toEqual(mine)
          }
        },
      ),
      { seed: SEED, numRuns: 100 },
    )
  })

  it('waits grow until the last try, and the error holds exactly the unsent events', async () => {
    const { producer, accepted, waits } = producing(({ PartitionKey }) => PartitionKey === 'ann', { triesMax: 4 })
    const events = [search('ann', 'a'), search('ben', 'b'), search('ann', 'c')]
    const failure = await producer.sendAll(events).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(EventsNotSentError)
    expect((failure as EventsNotSentError).events).toMatchObject([
      { query: 'a', eventId: 'id-1' },
      { query: 'c', eventId: 'id-3' },
    ])
    expect(queriesIn(accepted)).toEqual(['b'])
    expect(waits.slice(-3)).toEqual([200, 400, 800])
  })

  it('events after a failed one are still sent', async () => {
    const { producer, accepted } = producing((_, request) => request <= 2, { triesMax: 2 })
    await expect(producer.send(search('ann', 'a'))).rejects.toThrow(EventsNotSentError)
    await producer.send(search('ann', 'b'))
    expect(queriesIn(accepted)).toEqual(['b'])
  })

  it('a missing stream is not tried again', async () => {
    const { producer, requests } = producing(() => {
      throw new ResourceNotFoundException({ message: 'no such stream', $metadata: {} })
    })
    const failure = await producer.send(search('ann', 'a')).catch((error: Error) => error)
    expect(failure).toBeInstanceOf(EventsNotSentError)
    expect(requests).toHaveLength(1)
  })

  it('a record without an outcome is tried again', async () => {
    const { client, producer } = producing()
    const answers = [[], [{}], [{}]]
    const mocked = mockClient(client)
      .on(PutRecordsCommand)
      .callsFake(() => ({ Records: answers.shift() }))
    await producer.sendAll([search('ann', 'a'), search('ben', 'b')])
    expect(mocked.commandCalls(PutRecordsCommand).map(({ args }) => args[0].input.Records?.length)).toEqual([2, 2, 1])
  })

  it.each(['ECONNRESET', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])(
    'a request that fails with %s is tried again',
    async (code) => {
      const { producer, requests, accepted } = producing((_, request) => {
        if (request === 1) throw Object.assign(new Error('broken off'), { code })
        return false
      })
      await producer.send(search('ann', 'a'))
      expect([requests.length, queriesIn(accepted)]).toEqual([2, ['a']])
    },
  )
})

describe('the queue', () => {
  it('a full queue refuses send, but sendAll accepts a list of any length', async () => {
    const { producer, accepted } = producing(undefined, { queueEventsMax: 2 })
    const sent = ['a', 'b'].map((query) => producer.send(search('ann', query)))
    const rejection = await producer.send(search('ann', 'c')).catch((error: unknown) => error)
    expect(rejection).toBeInstanceOf(EventsNotSentError)
    expect(rejection).toMatchObject({ events: [{ query: 'c', eventId: 'id-3' }] })
    await Promise.all(sent)
    await producer.sendAll(['d', 'e', 'f', 'g', 'h'].map((query) => search('ann', query)))
    expect(queriesIn(accepted)).toEqual(['a', 'b', 'd', 'e', 'f', 'g', 'h'])
  })

  it('a flush waits only for events that were in the queue before', async () => {
    const { client, producer } = producing()
    let isFlushed = false
    let requests = 0
    mockClient(client)
      .on(PutRecordsCommand)
      .callsFake(async ({ Records }) => {
        requests++
        // Each request enqueues another event.
        if (!isFlushed && requests < 50) void producer.send(search('ben', 'b'))
        await new Promise(setImmediate)
        return { Records: Records.map(() => ({})) }
      })
    void producer.send(search('ann', 'a'))
    await producer.flush()
    isFlushed = true
    expect(requests).toBeLessThan(5)
    await producer.close()
  })

  it('close waits for the rest of a sendAll', async () => {
    const { producer, accepted } = producing(undefined, { queueEventsMax: 2 })
    const sent = producer.sendAll(['a', 'b', 'c', 'd', 'e'].map((query) => search('ann', query)))
    await producer.close()
    expect(queriesIn(accepted)).toEqual(['a', 'b', 'c', 'd', 'e'])
    await sent
  })

  it('flush and close send the queue, and a closed producer refuses events', async () => {
    const { producer, accepted } = producing()
    const first = producer.send(search('ann', 'a'))
    await producer.flush()
    expect(queriesIn(accepted)).toEqual(['a'])
    const second = producer.send(search('ann', 'b'))
    await producer.close()
    await Promise.all([first, second])
    expect(queriesIn(accepted)).toEqual(['a', 'b'])
    await expect(producer.send(search('ann', 'c'))).rejects.toThrow('closed')
  })
})

it.each([
  [{ streamName: '' }, 'streamName'],
  [{ lingerMs: -1 }, 'lingerMs: -1, expected an integer from 0 to 60000'],
  [{ triesMax: 0 }, 'triesMax: 0, expected an integer from 1 to 100'],
  [{ queueEventsMax: 1.5 }, 'queueEventsMax: 1.5, expected an integer from 1 to 1000000'],
])('an invalid option is refused with its allowed range: %j', (options, message) => {
  expect(() => producing(undefined, options)).toThrow(message)
})
