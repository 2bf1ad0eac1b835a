// Early alarms: a session that an AppClose ended is closed `lateness` after it, though its entry in the due index stays where it is.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextDueAt } from '../../functions/domain/alarm.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import { type EarlyAlarms, type SessionStore, StoreConflict } from '../../functions/ports.ts'
import { sweep } from '../../functions/sweep/sweep.ts'
import { at, HOUR, MINUTE, RULES, record, SECOND } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { randomSends, SEED } from '../support/random-log.ts'

const SETTINGS = { rules: RULES, sweepEveryMs: MINUTE, dueShards: 1 }
const sent = (type: string, user: string, seconds: number, arrivedSeconds = seconds) =>
  record({ type, user, time: at(seconds), eventId: `${user}${seconds}` }, at(arrivedSeconds))

/** Open since 0, and closed by its users at 100. */
async function closedByUsers(users: readonly string[]): Promise<MemoryPipeline> {
  const pipeline = memoryPipeline(RULES)
  await pipeline.ingest(
    users.map((user) => sent('AppOpen', user, 0)),
    at(0),
  )
  await pipeline.ingest(
    users.map((user) => sent('AppClose', user, 100)),
    at(100),
  )
  return pipeline
}

function sweepWith(pipeline: MemoryPipeline, sessions: SessionStore, seconds: number) {
  const horizon = { readUpTo: async (nowMs: number) => nowMs }
  const ports = { sessions, alarms: pipeline.alarms, horizon, hasTime: () => true }
  return sweep({ drain: false }, ports, SETTINGS, at(seconds))
}

function armedAt(pipeline: MemoryPipeline, user: string): number | null {
  return pipeline.sessions.states.get(user)?.armedAtMs ?? null
}

describe('a session that an AppClose ended', () => {
  it('is closed `lateness` after it and not before, and its entry in the index is not moved', async () => {
    const pipeline = await closedByUsers(['ann', 'ben'])
    expect(armedAt(pipeline, 'ann')).toBe(at(1860) + 1)
    expect(pipeline.alarms.pages.size).toBe(1)
    expect(await pipeline.sweep(at(160))).toMatchObject({ users: 0, closed: 0 })
    expect(await pipeline.sweep(at(161))).toMatchObject({ users: 2, closed: 2, moved: 0 })
    expect(pipeline.alarms.pages.size).toBe(0)
    expect(armedAt(pipeline, 'ann')).toBeNull()
  })

  it('needs no early alarm where it began in the same batch', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('AppOpen', 'ann', 0), sent('AppClose', 'ann', 100)], at(100))
    expect(pipeline.alarms.pages.size).toBe(0)
    expect(await pipeline.sweep(at(161))).toMatchObject({ closed: 1 })
  })

  it.each([
    ['was due before its last event arrived', 170, 200],
    ['came so late that it may have been given up and sent again', 100, 100 + HOUR / SECOND],
  ])('has its entry moved where it %s', async (_, arrivedSeconds, nowSeconds) => {
    const pipeline = memoryPipeline({ ...RULES, gapMs: 3 * HOUR })
    await pipeline.ingest([sent('AppOpen', 'ann', 0)], at(0))
    await pipeline.ingest([sent('AppClose', 'ann', 100, arrivedSeconds)], at(nowSeconds) + 1)
    expect(pipeline.alarms.pages.size).toBe(0)
    expect(armedAt(pipeline, 'ann')).toBe(at(160) + 1)
  })

  it('has its entry moved by a batch whose state was out of date when it set its early alarms', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('AppOpen', 'ann', 0)], at(0))
    const sessions: SessionStore = { ...pipeline.sessions, loadUsers: async () => new Map() }
    const loadedLate: SessionStore = { ...sessions, saveUser: pipeline.sessions.saveUser }
    let loads = 0
    loadedLate.loadUsers = (users) => (loads++ === 0 ? sessions : pipeline.sessions).loadUsers(users)
    await ingest([sent('AppClose', 'ann', 100)], { ...pipeline.ports, sessions: loadedLate }, RULES, at(100))
    expect(pipeline.alarms.pages.size).toBe(0)
    expect(armedAt(pipeline, 'ann')).toBe(at(160) + 1)
  })

  it('is left to its early alarm by what comes after it', async () => {
    const pipeline = await closedByUsers(['ann'])
    await pipeline.ingest([sent('AppOpen', 'ann', 130)], at(130))
    expect(armedAt(pipeline, 'ann')).toBe(at(1860) + 1)
    expect(await pipeline.sweep(at(161))).toMatchObject({ closed: 1 })
    expect(armedAt(pipeline, 'ann')).toBe(at(130 + 1860) + 1)
  })

  it('is found by a drain in the index, and its early alarm is then for nothing', async () => {
    const pipeline = await closedByUsers(['ann'])
    expect(await pipeline.sweep(at(110), true)).toMatchObject({ users: 1, closed: 1 })
    expect(await pipeline.sweep(at(161))).toMatchObject({ users: 1, closed: 0 })
    expect(pipeline.alarms.pages.size).toBe(0)
  })
})

describe('an early alarm', () => {
  it('that cannot be set stops the batch before any write', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('AppOpen', 'ann', 0)], at(0))
    const before = pipeline.sessions.states.get('ann')
    const alarms: EarlyAlarms = { ...pipeline.alarms, put: () => Promise.reject(new Error('throttled')) }
    const batch = ingest([sent('AppClose', 'ann', 100)], { ...pipeline.ports, alarms }, RULES, at(100))
    await expect(batch).rejects.toThrow('throttled')
    expect(pipeline.sessions.states.get('ann')).toBe(before)
  })

  it('is not set for an AppClose that is there already', async () => {
    const pipeline = await closedByUsers(['ann'])
    for (const id of [...pipeline.alarms.pages.keys()]) await pipeline.alarms.remove(id)
    expect(await pipeline.ingest([sent('AppClose', 'ann', 100)], at(101))).toMatchObject({ duplicates: 1 })
    expect(pipeline.alarms.pages.size).toBe(0)
  })

  it.each([
    ['fails', new Error('item is broken')],
    ['is left to another writer', new StoreConflict('ann', 9)],
  ])('stays until all its users were swept: one %s', async (_, trouble) => {
    const pipeline = await closedByUsers(['ann', 'ben'])
    const sessions: SessionStore = {
      ...pipeline.sessions,
      putClosed: (closed, expiresAtMs) =>
        closed.user === 'ann' ? Promise.reject(trouble) : pipeline.sessions.putClosed(closed, expiresAtMs),
    }
    expect(await sweepWith(pipeline, sessions, 161)).toMatchObject({ users: 2, closed: 1 })
    expect(pipeline.alarms.pages.size).toBe(1)
    expect(await pipeline.sweep(at(162))).toMatchObject({ users: 2, closed: 1, failed: null })
    expect(pipeline.alarms.pages.size).toBe(0)
  })

  it('stays until the last of its page is due', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('AppOpen', 'ann', 0), sent('AppOpen', 'ben', 0)], at(0))
    await pipeline.ingest([sent('AppClose', 'ann', 100), sent('AppClose', 'ben', 120)], at(120))
    expect(await pipeline.sweep(at(161))).toMatchObject({ users: 1, closed: 1 })
    expect(pipeline.alarms.pages.size).toBe(1)
    expect(await pipeline.sweep(at(181))).toMatchObject({ closed: 1 })
    expect(pipeline.alarms.pages.size).toBe(0)
  })

  it('for nothing leaves the entry in the index alone', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([sent('AppOpen', 'ann', 0)], at(0))
    const before = pipeline.sessions.states.get('ann')
    await pipeline.alarms.put([{ user: 'ann', atMs: at(170) }])
    expect(await pipeline.sweep(at(180))).toMatchObject({ users: 1, closed: 0, moved: 0 })
    expect(pipeline.sessions.states.get('ann')).toBe(before)
  })

  it('that is too early sets the entry in the index for when its session is due', async () => {
    const pipeline = await closedByUsers(['ann'])
    await pipeline.alarms.put([{ user: 'ann', atMs: at(105) }])
    for (const [id, alarms] of [...pipeline.alarms.pages]) {
      if (alarms[0]?.atMs !== at(105)) await pipeline.alarms.remove(id)
    }
    expect(await pipeline.sweep(at(110))).toMatchObject({ closed: 0, moved: 1 })
    expect(armedAt(pipeline, 'ann')).toBe(at(160) + 1)
  })
})

describe('whatever arrives, in whatever batches', () => {
  const rules = { ...RULES, gapMs: 40 * SECOND, latenessMs: 5 * SECOND, maxSessionEvents: 6 }
  /** How late each event arrives, in seconds; how many of them make a batch; and after which batches a sweep comes. */
  const delivery = fc.record({
    delays: fc.array(fc.constantFrom(0, 0, 1, 7, 40), { minLength: 30, maxLength: 30 }),
    batchSize: fc.integer({ min: 1, max: 5 }),
    sweptAfter: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
  })

  it('somebody looks at every open session no later than it is due, by the index or an early alarm', async () => {
    let early = 0
    await fc.assert(
      fc.asyncProperty(randomSends, delivery, async (sends, { delays, batchSize, sweptAfter }) => {
        const pipeline = memoryPipeline(rules)
        const records = sends
          .map((send, n) => record(send, (send.time as number) + (delays[n] ?? 0) * SECOND))
          .sort((a, b) => a.arrivalMs - b.arrivalMs)
        for (let start = 0; start < records.length; start += batchSize) {
          const batch = records.slice(start, start + batchSize)
          const nowMs = batch.at(-1)?.arrivalMs ?? 0
          await pipeline.ingest(batch, nowMs)
          early += pipeline.alarms.pages.size
          if (sweptAfter[start]) await pipeline.sweep(nowMs)
          const looks = [...pipeline.alarms.pages.values()].flat()
          for (const [user, state] of pipeline.sessions.states) {
            const ofUser = looks.flatMap((alarm) => (alarm.user === user ? alarm.atMs : []))
            const lookMs = Math.min(state.armedAtMs ?? Number.POSITIVE_INFINITY, ...ofUser)
            const dueMs = nextDueAt(state, rules)
            if (dueMs !== null) expect(lookMs).toBeLessThanOrEqual(dueMs)
          }
        }
      }),
      { seed: SEED, numRuns: 500 },
    )
    expect(early).toBeGreaterThan(50)
  })
})
