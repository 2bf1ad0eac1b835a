// Tests that a damaged item is set aside and counted in every step, and that the others go on.

import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { finalizeBatch, finalizeBatchMetrics } from '../../functions/finalize/finalize-batch.ts'
import { ingest, ingestMetrics } from '../../functions/ingest/ingest.ts'
import {
  type SessionStore,
  type TimerStore,
  UNREADABLE_STATE,
  UnreadableItemError,
  type UnreadChange,
} from '../../functions/ports.ts'
import { rollup, rollupMetrics } from '../../functions/rollup/rollup.ts'
import type { RollupPorts } from '../../functions/rollup/rollup-run.ts'
import { sweep, sweepMetrics } from '../../functions/sweep/sweep.ts'
import { at, ROW_RULES, RULES, record } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'

const DAMAGED = new UnreadableItemError('a state cannot be read: SyntaxError')
/** When a session that began at 0 is due if no other event arrives. */
const DUE = at(1860) + 1

const sent = (user: string, seconds: number) =>
  record({ type: 'Search', query: 'dogs', user, time: at(seconds), eventId: `${user}${seconds}` }, at(seconds))

/** Answers as the store on DynamoDB does when the state of the user is damaged. */
function withDamagedState({ sessions }: MemoryPipeline, user: string): SessionStore {
  return {
    ...sessions,
    loadUsers: async (users) => {
      if (users.length === 1 && users[0] === user) throw DAMAGED
      return sessions.loadUsers(users.filter((one) => one !== user))
    },
  }
}

describe('ingest with a damaged item', () => {
  async function ingested(users: readonly string[], damage: (pipeline: MemoryPipeline) => SessionStore) {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('ann', 0), sent('ben', 0)], at(0))
    const records = users.map((user, n) => sent(user, n + 1))
    const report = await ingest(records, { ...pipeline.ports, sessions: damage(pipeline) }, RULES, at(5))
    return { pipeline, records, report }
  }

  it('sets aside the events of a user whose state is damaged, and applies those of others', async () => {
    const { pipeline, records, report } = await ingested(['ann', 'ben', 'ann'], (one) => withDamagedState(one, 'ann'))
    expect(report).toMatchObject({ accepted: 1, rejected: { [UNREADABLE_STATE]: 2 }, failed: null })
    expect(pipeline.progress.sequenceNumber).toBe(records[2]?.sequenceNumber)
    expect(pipeline.deadLetters.stored).toMatchObject([
      { reason: UNREADABLE_STATE, data: records[0]?.data, detail: DAMAGED.message },
      { reason: UNREADABLE_STATE, data: records[2]?.data },
    ])
    expect(ingestMetrics(report)).toMatchObject({ Unreadable: 2, Rejected: 0, IngestFailures: 0 })
  })

  it('sets aside a batch whose only user has a damaged state', async () => {
    const { report } = await ingested(['ann'], (one) => withDamagedState(one, 'ann'))
    expect(report).toMatchObject({ accepted: 0, rejected: { [UNREADABLE_STATE]: 1 }, failed: null })
  })

  it('sets aside the events around a damaged closed session', async () => {
    const pipeline = memoryPipeline({ ...RULES, amendForMs: DAY_MS })
    await pipeline.ingest([sent('ann', 0), sent('ben', 0)], at(0))
    await pipeline.sweep(DUE)
    const sessions: SessionStore = {
      ...pipeline.sessions,
      loadClosed: async (user, range) => {
        if (user === 'ann') throw DAMAGED
        return pipeline.sessions.loadClosed(user, range)
      },
    }
    const late = ['ann', 'ben'].map((user) =>
      record({ type: 'AppOpen', user, time: at(5), eventId: `${user}late` }, at(3000)),
    )
    const report = await ingest(late, { ...pipeline.ports, sessions }, { ...RULES, amendForMs: DAY_MS }, at(3000))
    expect(report).toMatchObject({ accepted: 1, rejected: { [UNREADABLE_STATE]: 1 }, failed: null })
  })

  it('stores a rejected record of a user whose state is damaged, since it cannot know who is forgotten', async () => {
    const pipeline = memoryPipeline(RULES)
    const rejected = record({ type: 'Nothing', user: 'ann' }, at(0))
    const sessions = withDamagedState(pipeline, 'ann')
    const report = await ingest([rejected], { ...pipeline.ports, sessions }, RULES, at(0))
    expect(report).toMatchObject({ rejected: { 'unknown-type': 1 }, failed: null })
  })
})

describe('sweep with a damaged item', () => {
  async function opened() {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('ann', 0), sent('ben', 0)], at(0))
    return pipeline
  }

  function sweepOf(
    pipeline: MemoryPipeline,
    own: { readonly sessions?: SessionStore; readonly timers?: TimerStore },
    nowMs: number,
  ) {
    const { sessions, timers } = pipeline
    const horizon = { readUpTo: async (now: number) => now }
    const ports = { sessions, timers, horizon, hasTime: () => true, ...own }
    return sweep({ drain: false }, ports, { rules: RULES, sweepEveryMs: MINUTE_MS }, nowMs)
  }

  it('closes the sessions of others, and does not fail', async () => {
    const pipeline = await opened()
    const report = await sweepOf(pipeline, { sessions: withDamagedState(pipeline, 'ann') }, DUE)
    expect(report).toMatchObject({ closed: 1, failed: null, unreadable: { count: 1, cause: DAMAGED } })
    expect(sweepMetrics(report, false)).toMatchObject({ Unreadable: 1, SweepFailures: 0 })
  })

  it('tries a damaged state every half hour, and not at every sweep', async () => {
    const pipeline = await opened()
    let puts = 0
    const timers: TimerStore = {
      ...pipeline.timers,
      put: async (some) => {
        puts++
        await pipeline.timers.put(some)
      },
    }
    const sessions = withDamagedState(pipeline, 'ann')
    for (let minute = 0; minute < 120; minute++) await sweepOf(pipeline, { sessions, timers }, DUE + minute * MINUTE_MS)
    expect(puts).toBe(4)
    expect([...pipeline.timers.pages.values()].flat().map(({ user }) => user)).toEqual(['ann'])
  })

  it('closes the session once the state is repaired', async () => {
    const pipeline = await opened()
    await sweepOf(pipeline, { sessions: withDamagedState(pipeline, 'ann') }, DUE)
    expect(await sweepOf(pipeline, {}, DUE + 30 * MINUTE_MS)).toMatchObject({ closed: 1, unreadable: null })
  })

  it('counts a damaged page of timers, handles the other pages, and does not fail', async () => {
    const pipeline = await opened()
    const timers: TimerStore = {
      ...pipeline.timers,
      lists: (span) =>
        pipeline.timers.lists(span).map(async function* (list) {
          yield* list
          throw new UnreadableItemError('a page cannot be read')
        }),
    }
    const report = await sweepOf(pipeline, { timers }, DUE)
    expect(report).toMatchObject({ closed: 2, failed: null, unreadable: { count: 1 } })
  })

  it('counts users of the readable pages when another page is damaged', async () => {
    const pipeline = await opened()
    const timers: TimerStore = {
      ...pipeline.timers,
      lists: (span) => {
        const damaged = (async function* () {
          yield []
          throw new UnreadableItemError('a page cannot be read')
        })()
        return [damaged, ...pipeline.timers.lists(span)]
      },
    }
    const hourMs = Math.ceil(at(0) / HOUR_MS) * HOUR_MS
    expect(await sweepOf(pipeline, { timers }, hourMs)).toMatchObject({ usersOpen: 2, failed: null })
  })
})

describe('finalize with a damaged item', () => {
  const settings = { ...ROW_RULES, resultRetentionMs: DAY_MS }

  async function threeChanges() {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest(
      ['ann', 'ben', 'cleo'].map((user) => sent(user, 0)),
      at(0),
    )
    await pipeline.sweep(DUE)
    const [first, second, third] = pipeline.changes
    if (first === undefined || second === undefined || third === undefined) throw new Error('three sessions close')
    return { pipeline, first, second, third }
  }

  function portsOf({ sessions, results, dirtyHours }: MemoryPipeline, stored: UnreadChange[]) {
    const put = async (change: UnreadChange) => void stored.push(change)
    return { sessions, results, dirtyHours, digest: sha256, hasTime: () => true, unread: { put } }
  }

  it('stores the change and finalizes the others of the batch', async () => {
    const { pipeline, first, second, third } = await threeChanges()
    const damaged = { sequenceNumber: second.sequenceNumber, cause: DAMAGED, record: { eventID: '1' } }
    const stored: UnreadChange[] = []
    const report = await finalizeBatch([first, damaged, third], portsOf(pipeline, stored), settings, DUE)
    expect(report).toMatchObject({ changes: 2, failed: null, unreadable: { count: 1, cause: DAMAGED } })
    expect(stored).toEqual([damaged])
    expect(finalizeBatchMetrics(report)).toMatchObject({ Unreadable: 1, FinalizeFailures: 0, SessionsClosed: 2 })
  })

  it('stops at a change that newer code wrote, after the changes before it', async () => {
    const { pipeline, first, second, third } = await threeChanges()
    const newer = { sequenceNumber: second.sequenceNumber, cause: new Error('schema 2'), record: {} }
    const stored: UnreadChange[] = []
    const report = await finalizeBatch([first, newer, third], portsOf(pipeline, stored), settings, DUE)
    expect(report).toMatchObject({ changes: 1, unreadable: null })
    expect(report.failed).toEqual({ sequenceNumber: second.sequenceNumber, cause: newer.cause })
    expect(stored).toEqual([])
  })

  it('fails at a damaged change that it cannot store, so that Lambda redelivers it', async () => {
    const { pipeline, first, second, third } = await threeChanges()
    const damaged = { sequenceNumber: second.sequenceNumber, cause: DAMAGED, record: {} }
    const unread = { put: () => Promise.reject(new Error('SlowDown')) }
    const ports = { ...portsOf(pipeline, []), unread }
    const report = await finalizeBatch([first, damaged, third], ports, settings, DUE)
    expect(report).toMatchObject({ changes: 1, failed: { sequenceNumber: second.sequenceNumber }, unreadable: null })
    expect(finalizeBatchMetrics(report)).toMatchObject({ FinalizeFailures: 1 })
  })
})

describe('rollup with a damaged item', () => {
  const settings = { rollupRetentionMs: 1100 * DAY_MS, rankEveryMs: HOUR_MS, segments: [], segmentValuesMax: 50 }

  async function twoHours() {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('ann', 0)], at(0))
    await pipeline.ingest([sent('ben', 7200)], at(7200))
    await pipeline.sweep(at(100_000))
    await pipeline.finalizeAll()
    return pipeline
  }

  function rollUp({ dirtyHours, rollups }: MemoryPipeline, own: Partial<RollupPorts>) {
    return rollup(
      { drain: true },
      { dirtyHours, rollups, digest: sha256, hasTime: () => true, ...own },
      settings,
      at(100_000),
    )
  }

  it('sums the other rows of the hour, and counts the damaged row', async () => {
    const pipeline = await twoHours()
    const rollups: RollupPorts['rollups'] = {
      ...pipeline.rollups,
      rowsOf: async function* (hour, slice, from, isSegmented) {
        yield* pipeline.rollups.rowsOf(hour, slice, from, isSegmented)
        if (hour.endsWith('T00') && slice === 'a') throw new UnreadableItemError('a row lacks a value')
      },
    }
    const report = await rollUp(pipeline, { rollups })
    expect(report).toMatchObject({ hours: 2, failed: null })
    expect(report.unreadable?.count).toBeGreaterThan(0)
    expect(pipeline.rollups.rollups.get('rollup#hour 2026-03-02T00')).toMatchObject({ searches: 1 })
    expect(rollupMetrics(report).Unreadable).toBeGreaterThan(0)
  })

  it('sums the other hours when the stored sum of one is damaged', async () => {
    const pipeline = await twoHours()
    const rollups: RollupPorts['rollups'] = {
      ...pipeline.rollups,
      load: async (key) => {
        if (key.sk.endsWith('T00')) throw new UnreadableItemError('no revision')
        return pipeline.rollups.load(key)
      },
    }
    expect(await rollUp(pipeline, { rollups })).toMatchObject({ hours: 1, failed: null, unreadable: { count: 1 } })
    expect([...pipeline.dirtyHours.periods.keys()]).toContain('hour#2026-03-02T00')
  })

  it('sums the readable dirty hours when another one is damaged', async () => {
    const pipeline = await twoHours()
    const dirtyHours: RollupPorts['dirtyHours'] = {
      ...pipeline.dirtyHours,
      pages: async function* (kind) {
        yield* pipeline.dirtyHours.pages(kind)
        if (kind === 'hour') throw new UnreadableItemError('the dirty period cannot be read')
      },
    }
    expect(await rollUp(pipeline, { dirtyHours })).toMatchObject({ hours: 2, failed: null, unreadable: { count: 1 } })
  })

  it('still fails for any other error', async () => {
    const pipeline = await twoHours()
    const load = () => Promise.reject(new Error('throttled'))
    const report = await rollUp(pipeline, { rollups: { ...pipeline.rollups, load } })
    expect(report).toMatchObject({ failed: { cause: new Error('throttled') }, unreadable: null })
  })
})
