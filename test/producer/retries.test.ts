// Tests how the producer retries refused records and reports those that it gives up.

import { PutRecordsCommand, ResourceNotFoundException } from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventsNotSentError } from '../../producer/producer.ts'
import { SEED } from '../support/random-log.ts'
import { producing, queriesIn, search } from './stream-stand-in.ts'

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
