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
import { type HorizonPorts, kinesisHorizon, READ_FOR_MS } from '../../../functions/aws/stream/kinesis-horizon.ts'
import type { Progress } from '../../../functions/aws/stream/shard-progress.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import { at } from '../../support/events.ts'
import { type Clock, memoryEmptyShards, type QuietRecord, quietKinesis, readsASecond } from './quiet-kinesis.ts'

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
/** Empty up to 60 seconds before the present. */
const BEHIND: Page = { MillisBehindLatest: 60_000 }
/** Empty up to the oldest record that Lambda still delivers. */
const FAR_BEHIND: Page = { MillisBehindLatest: GIVEN_UP_AFTER_MS }
const READ_TO_END: Page = { MillisBehindLatest: 0, isLast: true }

function unread(arrivalMs: number, isLast = false): Page {
  return { MillisBehindLatest: NOW_MS - arrivalMs, isLast, Records: [record(arrivalMs)] }
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
  return { sequenceNumber: '8', arrivalMs, emptyUntilMs: null }
}

/** Ports whose time passes only while the horizon waits. */
function portsOf(loadProgress: HorizonPorts['loadProgress'], recordEmpty: HorizonPorts['recordEmpty']): HorizonPorts {
  let nowMs = NOW_MS
  const wait = async (ms: number): Promise<void> => {
    nowMs += ms
  }
  return { loadProgress, recordEmpty, nowMs: () => nowMs, wait }
}

/** Holds what the last call of `readUpTo` stored. */
let recorded: { readonly shardId: string; readonly emptyUntilMs: number }[] = []

const client = new KinesisClient({ region: 'us-east-1' })
const mocked = mockClient(client)

beforeEach(() => {
  mocked.reset()
  recorded = []
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
  const ports = portsOf(loadProgress, async (shardId, _, emptyUntilMs) => {
    recorded.push({ shardId, emptyUntilMs })
  })
  return kinesisHorizon(client, 'events', ports, GIVEN_UP_AFTER_MS).readUpTo(NOW_MS)
}

describe('the horizon', () => {
  it('is the present, less the spread of arrival times, when every record is applied', async () => {
    expect(await readUpTo([{ pages: [CAUGHT_UP], applied: applied(at(1)) }])).toBe(NOW_MS - SPREAD_MS)
  })

  it('is the arrival time, less the spread, of the first record that is not applied', async () => {
    expect(await readUpTo([{ pages: [unread(at(400))], applied: applied(at(300)) }])).toBe(at(400) - SPREAD_MS)
  })

  it('is before an unread record that arrived earlier than the record in front of it', async () => {
    const swapped = [unread(at(400)), unread(at(397))]
    expect(await readUpTo([{ pages: swapped, applied: applied(at(300)) }])).toBeLessThan(at(397))
    const expired = new ExpiredIteratorException({ message: 'too old', $metadata: {} })
    const behindApplied = { pages: [expired, unread(at(397))], applied: applied(at(400)) }
    expect(await readUpTo([behindApplied])).toBeLessThan(at(397))
  })

  it('is the earliest bound over all shards', async () => {
    const shards = [300, 200, 400].map((seconds) => ({ pages: [unread(at(seconds))], applied: applied(at(100)) }))
    expect(await readUpTo([...shards, { pages: [CAUGHT_UP] }])).toBe(at(200) - SPREAD_MS)
  })

  it('is read after the last applied record, or from the oldest record that Lambda still delivers', async () => {
    await readUpTo([
      { pages: [CAUGHT_UP], applied: { ...applied(at(1)), sequenceNumber: '4961' } },
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

  it('is not held back by a closed shard that is read to its end', async () => {
    const ended: ScriptedShard[] = [
      { pages: [READ_TO_END], applied: applied(at(1)) },
      { pages: [READ_TO_END] },
      { pages: [BEHIND, READ_TO_END], applied: applied(at(1)) },
    ]
    expect(await readUpTo(ended)).toBe(NOW_MS - SPREAD_MS)
  })

  it('is held back by a closed shard until its last record is applied', async () => {
    const child = { pages: [CAUGHT_UP], applied: applied(at(900)) }
    expect(await readUpTo([{ pages: [unread(at(70))], applied: applied(at(60)) }, child])).toBe(at(70) - SPREAD_MS)
    expect(await readUpTo([{ pages: [unread(at(80), true)], applied: applied(at(60)) }, child])).toBe(
      at(80) - SPREAD_MS,
    )
  })

  it('is held back by each parent that is not read to its end, although its children are applied', async () => {
    const childOf = (...parents: number[]): ScriptedShard => ({
      pages: [CAUGHT_UP],
      applied: applied(at(900)),
      parents,
    })
    const lagging = { pages: [unread(at(70), true)], applied: applied(at(60)) }
    const ended = { pages: [READ_TO_END], applied: applied(at(60)) }
    expect(await readUpTo([lagging, childOf(0), childOf(0)])).toBe(at(70) - SPREAD_MS)
    expect(await readUpTo([lagging, ended, childOf(0, 1)])).toBe(at(70) - SPREAD_MS)
    expect(await readUpTo([ended, lagging, childOf(0, 1)])).toBe(at(70) - SPREAD_MS)
    expect(await readUpTo([ended, ended, childOf(0, 1)])).toBe(NOW_MS - SPREAD_MS)
  })

  it('is read on after empty pages', async () => {
    expect(await readUpTo([{ pages: [BEHIND, BEHIND, unread(at(500))], applied: applied(at(5)) }])).toBe(
      at(500) - SPREAD_MS,
    )
    expect(await readUpTo([{ pages: [BEHIND, CAUGHT_UP], applied: applied(at(5)) }])).toBe(NOW_MS - SPREAD_MS)
  })

  it('is held back where the empty pages end, less the spread, when they do not reach the present', async () => {
    expect(await readUpTo([{ pages: [BEHIND], applied: applied(at(5)) }])).toBe(NOW_MS - 60_000 - SPREAD_MS)
  })

  it('is not moved back by an empty page that reaches less far than what is known', async () => {
    expect(await readUpTo([{ pages: [FAR_BEHIND], applied: applied(at(5)) }])).toBe(at(5) - SPREAD_MS)
    const known = { ...applied(at(5)), emptyUntilMs: at(700) }
    expect(await readUpTo([{ pages: [FAR_BEHIND], applied: known }])).toBe(at(700))
  })

  it('is held back at the last applied record, less the spread, when pages do not say how far they reach', async () => {
    expect(await readUpTo([{ pages: [{}], applied: applied(at(5)) }])).toBe(at(5) - SPREAD_MS)
    expect(recorded).toEqual([])
  })

  it('is held back at the last applied record, less the spread, when an iterator expires', async () => {
    const expired = new ExpiredIteratorException({ message: 'too old', $metadata: {} })
    expect(await readUpTo([{ pages: [expired], applied: applied(at(5)) }, { pages: [CAUGHT_UP] }])).toBe(
      at(5) - SPREAD_MS,
    )
    expect(await readUpTo([{ pages: [FAR_BEHIND, expired], applied: applied(at(6)) }])).toBe(at(6) - SPREAD_MS)
  })

  it('is held back where the pages ended when a later page is throttled', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
    const shards = [{ pages: [BEHIND, throttled], applied: applied(at(6)) }]
    expect(await readUpTo(shards)).toBe(NOW_MS - 60_000 - SPREAD_MS)
  })

  it('is held back at the oldest record that Lambda still delivers when a shard has no progress', async () => {
    const oldestMs = NOW_MS - GIVEN_UP_AFTER_MS
    const shards = [{ pages: [CAUGHT_UP], applied: applied(at(900)) }, { pages: [FAR_BEHIND] }]
    expect(await readUpTo(shards)).toBe(oldestMs)
  })

  it('is read from where an earlier sweep found the shard empty, if that is later', async () => {
    await readUpTo([
      { pages: [CAUGHT_UP], applied: { ...applied(at(1)), emptyUntilMs: at(400) } },
      { pages: [CAUGHT_UP], applied: { ...applied(at(500)), emptyUntilMs: at(400) } },
    ])
    const opened = mocked.commandCalls(GetShardIteratorCommand).map((call) => call.args[0].input)
    expect(opened).toContainEqual(
      expect.objectContaining({ ShardId: 'shard-0', ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(at(400)) }),
    )
    expect(opened).toContainEqual(
      expect.objectContaining({ ShardId: 'shard-1', ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' }),
    )
  })

  it('is not held back by an applied record that a reading from a time finds', async () => {
    const known = { ...applied(at(399)), sequenceNumber: '9', emptyUntilMs: at(400) }
    expect(await readUpTo([{ pages: [unread(at(401)), CAUGHT_UP], applied: known }])).toBe(NOW_MS - SPREAD_MS)
  })

  it('is stored as how far a shard is empty only when one page did not show what follows', async () => {
    await readUpTo([
      { pages: [CAUGHT_UP], applied: applied(at(1)) },
      { pages: [unread(at(400))], applied: applied(at(1)) },
      { pages: [READ_TO_END], applied: applied(at(1)) },
    ])
    expect(recorded).toEqual([])
    await readUpTo([
      { pages: [BEHIND, CAUGHT_UP], applied: applied(at(1)) },
      { pages: [BEHIND], applied: { ...applied(at(1)), emptyUntilMs: NOW_MS } },
      { pages: [{ MillisBehindLatest: 500_000 }, unread(at(600))] },
      { pages: [{ MillisBehindLatest: 500_000 }, unread(at(400))] },
    ])
    expect(recorded).toEqual([
      { shardId: 'shard-0', emptyUntilMs: NOW_MS - SPREAD_MS },
      { shardId: 'shard-2', emptyUntilMs: at(500) - SPREAD_MS },
      // Kinesis contradicted itself, so the record's time counts.
      { shardId: 'shard-3', emptyUntilMs: at(400) - SPREAD_MS },
    ])
  })

  it('includes the shards of every page of the list', async () => {
    const shards = Array.from({ length: 25 }, (_, n) => ({ pages: [n === 24 ? unread(at(33)) : CAUGHT_UP] }))
    expect(await readUpTo(shards, 10)).toBe(at(33) - SPREAD_MS)
    expect(mocked.commandCalls(ListShardsCommand)).toHaveLength(3)
  })

  it('fails when the list of shards does not end', async () => {
    mocked.on(ListShardsCommand).resolves({ Shards: [], NextToken: 'more' })
    const ports = portsOf(
      async () => null,
      async () => {},
    )
    const horizon = kinesisHorizon(client, 'events', ports, GIVEN_UP_AFTER_MS)
    await expect(horizon.readUpTo(NOW_MS)).rejects.toThrow('stream events has more than')
  })

  it('fails with other errors unchanged', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
    await expect(readUpTo([{ pages: [throttled] }])).rejects.toBe(throttled)
  })

  it('is never later than the present less the spread, nor than any record that is not applied', async () => {
    const arrivalMs = fc.integer({ min: at(0), max: at(2000) })
    const found = fc.oneof(
      fc.constantFrom(CAUGHT_UP, FAR_BEHIND, READ_TO_END),
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

describe('the horizon of quiet shards, of which a page covers some minutes', () => {
  const GAP_MS = 30 * MINUTE_MS
  const RETAINED_MS = 24 * HOUR_MS
  const START_MS = at(0) + 10 * RETAINED_MS
  /** The age at which Lambda gives a record up with the default retention. */
  const GIVEN_UP_MS = (RETAINED_MS * 5) / 6 + 15 * MINUTE_MS
  const LAST_EVENT_MS = START_MS + MINUTE_MS

  /** The design as it was: each sweep began at the same record and read five pages. */
  function forgetful(ports: HorizonPorts): HorizonPorts {
    let reads = 0
    return {
      ...ports,
      loadProgress: async (shardId) => {
        reads = 0
        return withoutEmptyUntil(await ports.loadProgress(shardId))
      },
      recordEmpty: async () => {},
      nowMs: () => (++reads > 5 ? ports.nowMs() + READ_FOR_MS : ports.nowMs()),
    }
  }

  function withoutEmptyUntil(progress: Progress | null): Progress | null {
    return progress === null ? null : { ...progress, emptyUntilMs: null }
  }

  /**
   * Sweeps every minute until a session closes whose last event lies on one shard, while another
   * shard has no record at all.
   */
  async function close(advanceMs: () => number, design: (ports: HorizonPorts) => HorizonPorts = (ports) => ports) {
    const clock: Clock = { nowMs: START_MS }
    const shards = { used: [] as QuietRecord[], unused: [] }
    const { client, reads } = quietKinesis(shards, clock, advanceMs)
    const empty = memoryEmptyShards()
    let writes = 0
    const ports = design({
      loadProgress: empty.loadProgress,
      recordEmpty: async (...args) => {
        writes++
        await empty.recordEmpty(...args)
      },
      nowMs: () => clock.nowMs,
      wait: async (ms) => {
        clock.nowMs += ms
      },
    })
    const horizon = kinesisHorizon(client, 'events', ports, GIVEN_UP_MS)
    for (let sweeps = 0; sweeps < 3000; sweeps++) {
      const nowMs = START_MS + sweeps * MINUTE_MS
      if (clock.nowMs > nowMs) throw new Error('a sweep takes longer than a minute')
      clock.nowMs = nowMs
      if (sweeps === 1) {
        const last = { sequenceNumber: '7', putMs: LAST_EVENT_MS, arrivalMs: LAST_EVENT_MS }
        shards.used.push(last)
        empty.apply('used', last)
      }
      const dueMs = LAST_EVENT_MS + GAP_MS
      if ((await horizon.readUpTo(nowMs)) > dueMs)
        return { minutes: (nowMs - LAST_EVENT_MS) / MINUTE_MS, reads, writes }
    }
    throw new Error('the session does not close')
  }

  const minutes = (from: number, to: number): (() => number) => {
    let drawn = SEED
    return () => {
      drawn = (drawn * 48271) % 2147483647
      return (from + (drawn % (to - from + 1))) * MINUTE_MS
    }
  }

  it('lets sessions close as a perfect Kinesis does, without a write', async () => {
    expect(await close(() => Number.POSITIVE_INFINITY)).toMatchObject({ minutes: 31, writes: 0 })
  })

  it.each([
    [1, 1],
    [1, 5],
    [5, 5],
  ])('lets sessions close within three minutes of that when a page covers %i to %i minutes', async (from, to) => {
    const { minutes: closedAfter, reads } = await close(minutes(from, to))
    expect(closedAfter).toBeLessThanOrEqual(31 + 3)
    // Two sweeps may run at once, and Lambda reads each shard once a second. A shard answers five.
    expect(2 * readsASecond(reads) + 1).toBeLessThanOrEqual(5)
  })

  it('lets them close hours late if each sweep begins at the same record, as it once did', async () => {
    const { minutes: closedAfter } = await close(minutes(1, 5), forgetful)
    expect(closedAfter).toBeGreaterThan(1000)
  })

  it('costs two pages and a write a sweep and shard once it has caught up', async () => {
    const { minutes: closedAfter, reads, writes } = await close(minutes(1, 1))
    const lastMs = reads.at(-1)?.atMs ?? 0
    const lastReads = reads.filter(({ atMs }) => atMs > lastMs - 5 * MINUTE_MS).length
    expect(lastReads).toBeLessThanOrEqual(5 * 2 * 2)
    expect(writes).toBeLessThanOrEqual(2 * (closedAfter + 2))
  })

  it('reads 250 pages of an empty shard within five sweeps', async () => {
    const { reads } = await close(minutes(1, 1))
    const unused = reads.filter(({ shardId }) => shardId === 'unused')
    expect((unused[249]?.atMs ?? Number.POSITIVE_INFINITY) - START_MS).toBeLessThan(5 * MINUTE_MS)
  })

  it('never passes a record that is not applied, whatever the pages cover', async () => {
    const step = fc.record({
      afterMs: fc.oneof(fc.integer({ min: 0, max: SPREAD_MS }), fc.integer({ min: 0, max: 3 * MINUTE_MS })),
      does: fc.constantFrom('put', 'put', 'apply', 'sweep', 'sweep', 'two sweeps'),
      shard: fc.constantFrom('a', 'b'),
      spreadMs: fc.integer({ min: 0, max: SPREAD_MS }),
    })
    const covers = fc.array(fc.integer({ min: 0, max: 5 * MINUTE_MS }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), covers, fc.boolean(), async (steps, pages, hasSpread) => {
        const clock: Clock = { nowMs: START_MS }
        const shards: Record<'a' | 'b', QuietRecord[]> = { a: [], b: [] }
        const applied = { a: 0, b: 0 }
        let page = 0
        const { client } = quietKinesis(shards, clock, () => pages[page++ % pages.length] as number)
        const empty = memoryEmptyShards()
        const wait = async (ms: number): Promise<void> => {
          clock.nowMs += ms
          await Promise.resolve()
        }
        // All steps together take less, so no record is given up.
        const givenUpMs = 2 * HOUR_MS
        const horizon = kinesisHorizon(client, 'events', { ...empty, nowMs: () => clock.nowMs, wait }, givenUpMs)
        let count = 0
        for (const { afterMs, does, shard, spreadMs } of steps) {
          clock.nowMs += afterMs
          if (does === 'put') {
            const arrivalMs = clock.nowMs - (hasSpread ? spreadMs : 0)
            shards[shard].push({ sequenceNumber: String(++count), putMs: clock.nowMs, arrivalMs })
          } else if (does === 'apply') {
            const next = shards[shard][applied[shard]]
            if (next !== undefined) empty.apply(shard, next)
            applied[shard] = Math.min(applied[shard] + 1, shards[shard].length)
          } else {
            const nowMs = clock.nowMs
            const unread = [shards.a.slice(applied.a), shards.b.slice(applied.b)].flat()
            const boundMs = Math.min(...unread.map(({ arrivalMs }) => arrivalMs))
            const sweeps = Array.from({ length: does === 'sweep' ? 1 : 2 }, () => horizon.readUpTo(nowMs))
            for (const horizonMs of await Promise.all(sweeps)) expect(horizonMs).toBeLessThanOrEqual(boundMs)
            for (const id of ['a', 'b'] as const) {
              const emptyUntilMs = empty.stored.get(id)?.emptyUntilMs ?? 0
              for (const { arrivalMs } of shards[id].slice(applied[id])) {
                expect(emptyUntilMs).toBeLessThanOrEqual(arrivalMs)
              }
            }
          }
        }
      }),
      { seed: SEED, numRuns: 300 },
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
