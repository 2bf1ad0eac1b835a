// Tests the horizon on scripted shards, of which ingest has applied different parts.

import {
  ExpiredIteratorException,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { kinesisHorizon } from '../../../functions/aws/stream/kinesis-horizon.ts'
import type { Progress } from '../../../functions/aws/stream/shard-progress.ts'
import { SECOND_MS } from '../../../functions/domain/durations.ts'
import { at } from '../../support/events.ts'

const SEED = 20260302
const NOW_MS = at(1000)
/** The horizon stays this far behind the present, since arrival times are approximate. */
const SPREAD_MS = 5 * SECOND_MS
const GIVEN_UP_AFTER_MS = 2000 * SECOND_MS

type Page = Partial<Pick<GetRecordsCommandOutput, 'Records' | 'MillisBehindLatest'>> & { readonly isLast?: boolean }

interface ScriptedShard {
  /** The answers to successive reads. Later reads get the last answer again. */
  readonly pages: readonly (Page | Error)[]
  readonly applied?: Progress
  /** The indexes of the shards that it was split or merged from. */
  readonly parents?: readonly number[]
}

const CAUGHT_UP: Page = { MillisBehindLatest: 0 }
const BEHIND: Page = { MillisBehindLatest: 60_000 }
const DRAINED: Page = { MillisBehindLatest: 0, isLast: true }

function unread(arrivalMs: number, isLast = false): Page {
  return { ...BEHIND, isLast, Records: [record(arrivalMs)] }
}

function record(arrivalMs: number) {
  return {
    SequenceNumber: '9',
    Data: new Uint8Array(),
    PartitionKey: 'p',
    ApproximateArrivalTimestamp: new Date(arrivalMs),
  }
}

function applied(arrivalMs: number): Progress {
  return { sequenceNumber: '8', arrivalMs }
}

const client = new KinesisClient({ region: 'us-east-1' })
const mocked = mockClient(client)

beforeEach(() => {
  mocked.reset()
})

/** @param pageSize how many shards a page of the list holds. */
function readUpTo(shards: readonly ScriptedShard[], pageSize = 100): Promise<number> {
  mocked.on(ListShardsCommand).callsFake(({ StreamName: name, NextToken: token }) => {
    // Kinesis refuses a request that names both, or neither.
    if ((name === 'events') === (token !== undefined)) throw new Error('InvalidArgumentException')
    const start = Number(token ?? 0)
    const listed = shards.map(({ parents = [] }, n) => {
      const [ParentShardId, AdjacentParentShardId] = parents.map((parent) => `shard-${parent}`)
      return { ShardId: `shard-${n}`, ParentShardId, AdjacentParentShardId }
    })
    return {
      Shards: listed.slice(start, start + pageSize),
      ...(start + pageSize < shards.length && { NextToken: String(start + pageSize) }),
    }
  })
  mocked.on(GetShardIteratorCommand).callsFake(({ ShardId: id }) => ({ ShardIterator: `${id} 0` }))
  mocked.on(GetRecordsCommand).callsFake(({ ShardIterator: iterator }) => {
    const [id, read] = iterator.split(' ')
    const { pages } = shards[Number(id.slice('shard-'.length))] as ScriptedShard
    const page = pages[Math.min(Number(read), pages.length - 1)] as Page | Error
    if (page instanceof Error) throw page
    return { ...page, ...(!page.isLast && { NextShardIterator: `${id} ${Number(read) + 1}` }) }
  })
  const loadProgress = async (id: string) => shards[Number(id.slice('shard-'.length))]?.applied ?? null
  return kinesisHorizon(client, 'events', loadProgress, GIVEN_UP_AFTER_MS).readUpTo(NOW_MS)
}

describe('the horizon', () => {
  it('is the present, less the spread of arrival times, when every record is applied', async () => {
    expect(await readUpTo([{ pages: [CAUGHT_UP], applied: applied(at(1)) }])).toBe(NOW_MS - SPREAD_MS)
  })

  it('is the arrival time of the first record that is not applied', async () => {
    expect(await readUpTo([{ pages: [unread(at(400))], applied: applied(at(300)) }])).toBe(at(400))
  })

  it('is the earliest time over all shards', async () => {
    const shards = [300, 200, 400].map((seconds) => ({ pages: [unread(at(seconds))], applied: applied(at(100)) }))
    expect(await readUpTo([...shards, { pages: [CAUGHT_UP] }])).toBe(at(200))
  })

  it('is read after the last applied record, or from the oldest record that Lambda still delivers', async () => {
    await readUpTo([
      { pages: [CAUGHT_UP], applied: { sequenceNumber: '4961', arrivalMs: at(1) } },
      { pages: [CAUGHT_UP] },
    ])
    const opened = mocked.commandCalls(GetShardIteratorCommand).map((call) => call.args[0].input)
    expect(opened).toContainEqual({
      StreamName: 'events',
      ShardId: 'shard-0',
      ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
      StartingSequenceNumber: '4961',
    })
    const oldest = { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(NOW_MS - GIVEN_UP_AFTER_MS) }
    expect(opened).toContainEqual({ StreamName: 'events', ShardId: 'shard-1', ...oldest })
  })

  it('is not held back for ever by a batch that Lambda gave up', async () => {
    const longAgoMs = NOW_MS - GIVEN_UP_AFTER_MS - 1
    await readUpTo([{ pages: [CAUGHT_UP], applied: applied(longAgoMs) }])
    const [opened] = mocked.commandCalls(GetShardIteratorCommand).map((call) => call.args[0].input)
    expect(opened).toMatchObject({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(longAgoMs + 1) })
  })

  it('is not held back by a closed shard that is drained', async () => {
    const drained: ScriptedShard[] = [
      { pages: [DRAINED], applied: applied(at(1)) },
      { pages: [DRAINED] },
      { pages: [BEHIND, DRAINED], applied: applied(at(1)) },
    ]
    expect(await readUpTo(drained)).toBe(NOW_MS - SPREAD_MS)
  })

  it('is held back by a closed shard until its last record is applied', async () => {
    const child = { pages: [CAUGHT_UP], applied: applied(at(900)) }
    expect(await readUpTo([{ pages: [unread(at(70))], applied: applied(at(60)) }, child])).toBe(at(70))
    expect(await readUpTo([{ pages: [unread(at(80), true)], applied: applied(at(60)) }, child])).toBe(at(80))
  })

  it('is held back by each parent that is not drained, although its children are applied', async () => {
    const childOf = (...parents: number[]): ScriptedShard => ({
      pages: [CAUGHT_UP],
      applied: applied(at(900)),
      parents,
    })
    const undrained = { pages: [unread(at(70), true)], applied: applied(at(60)) }
    const drained = { pages: [DRAINED], applied: applied(at(60)) }
    expect(await readUpTo([undrained, childOf(0), childOf(0)])).toBe(at(70))
    expect(await readUpTo([undrained, drained, childOf(0, 1)])).toBe(at(70))
    expect(await readUpTo([drained, undrained, childOf(0, 1)])).toBe(at(70))
    expect(await readUpTo([drained, drained, childOf(0, 1)])).toBe(NOW_MS - SPREAD_MS)
  })

  it('is read on after empty pages', async () => {
    expect(await readUpTo([{ pages: [BEHIND, BEHIND, unread(at(500))], applied: applied(at(5)) }])).toBe(at(500))
    expect(await readUpTo([{ pages: [BEHIND, CAUGHT_UP], applied: applied(at(5)) }])).toBe(NOW_MS - SPREAD_MS)
  })

  it('is held back at the last applied record when pages stay empty although more records follow', async () => {
    expect(await readUpTo([{ pages: [BEHIND], applied: applied(at(5)) }])).toBe(at(5))
    // A shard answers five reads a second, and ingest needs some of them.
    expect(mocked.commandCalls(GetRecordsCommand).length).toBeLessThanOrEqual(5)
  })

  it('is held back at the last applied record when an iterator expires', async () => {
    const expired = new ExpiredIteratorException({ message: 'too old', $metadata: {} })
    expect(await readUpTo([{ pages: [expired], applied: applied(at(5)) }, { pages: [CAUGHT_UP] }])).toBe(at(5))
    expect(await readUpTo([{ pages: [BEHIND, expired], applied: applied(at(6)) }])).toBe(at(6))
  })

  it('is held back at the oldest record that Lambda still delivers when a shard has no progress', async () => {
    const oldestMs = NOW_MS - GIVEN_UP_AFTER_MS
    expect(await readUpTo([{ pages: [CAUGHT_UP], applied: applied(at(900)) }, { pages: [BEHIND] }])).toBe(oldestMs)
  })

  it('includes the shards of every page of the list', async () => {
    const shards = Array.from({ length: 25 }, (_, n) => ({ pages: [n === 24 ? unread(at(33)) : CAUGHT_UP] }))
    expect(await readUpTo(shards, 10)).toBe(at(33))
    expect(mocked.commandCalls(ListShardsCommand)).toHaveLength(3)
  })

  it('fails when the list of shards does not end', async () => {
    mocked.on(ListShardsCommand).resolves({ Shards: [], NextToken: 'more' })
    const horizon = kinesisHorizon(client, 'events', async () => null, GIVEN_UP_AFTER_MS)
    await expect(horizon.readUpTo(NOW_MS)).rejects.toThrow('stream events has more than')
  })

  it('fails with other errors unchanged', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
    await expect(readUpTo([{ pages: [throttled] }])).rejects.toBe(throttled)
  })

  it('is never later than the present less the spread, nor than any record that is not applied', async () => {
    const arrivalMs = fc.integer({ min: at(0), max: at(2000) })
    const found = fc.oneof(
      fc.constantFrom(CAUGHT_UP, BEHIND, DRAINED),
      arrivalMs.map((ms) => unread(ms)),
    )
    const shard = fc.record({ pages: fc.array(found, { minLength: 1, maxLength: 3 }), applied: arrivalMs.map(applied) })
    await fc.assert(
      fc.asyncProperty(fc.array(shard, { maxLength: 6 }), async (shards) => {
        mocked.reset()
        const arrivals = shards.map(({ pages }) => firstArrival(pages))
        expect(await readUpTo(shards)).toBeLessThanOrEqual(Math.min(NOW_MS - SPREAD_MS, ...arrivals))
      }),
      { seed: SEED, numRuns: 200 },
    )
  })
})

/** Returns the arrival time of the first record that a reader of these pages finds. */
function firstArrival(pages: readonly Page[]): number {
  const end = pages.findIndex((page) => page.isLast || page.MillisBehindLatest === 0)
  const reachable = end === -1 ? pages : pages.slice(0, end + 1)
  const first = reachable.flatMap((page) => page.Records ?? [])[0]
  return first?.ApproximateArrivalTimestamp?.getTime() ?? Number.POSITIVE_INFINITY
}
