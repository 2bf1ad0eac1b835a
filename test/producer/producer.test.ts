// Tests the producer's events, requests, queue and options against a stand-in for Kinesis.

import { PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EventInput, EventRejectedError, EventsNotSentError } from '../../producer/producer.ts'
import { at } from '../support/events.ts'
import { SEED } from '../support/random-log.ts'
import { eventsIn, producing, queriesIn, search } from './stream-stand-in.ts'

const MIB = 1024 * 1024

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
