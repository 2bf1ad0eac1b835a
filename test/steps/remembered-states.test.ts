// Tests that ingest begins from remembered states, and comes to the same results from outdated
// ones.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import type { Session } from '../../functions/domain/sessions/session.ts'
import { OPEN_SESSIONS_MAX } from '../../functions/domain/sessions/state-size.ts'
import { nextDueAt } from '../../functions/domain/sessions/timers.ts'
import { NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'
import { forget } from '../../functions/forget/forget.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import { type Recall, rememberStates, stateMemory } from '../../functions/ingest/remember-states.ts'
import { type SessionStore, VersionConflictError } from '../../functions/ports.ts'
import { at, RULES, record, type Sent, search } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { SEED } from '../support/random-log.ts'

const EXPIRES_MS = at(1_000_000)

function stateAt(version: number, seconds: number): UserState {
  const event = search(at(seconds), { eventId: `e${version}` })
  const open = [{ ids: [`s${version}`], continues: null, limitedBy: null, events: [event] }] as const
  return { ...NEW_USER, version, skewMs: 0, open }
}

describe('remembered states', () => {
  function remembering(bytesMax?: number) {
    const { sessions } = memoryPipeline(RULES)
    const read: string[] = []
    const applied = new Map<string, string>()
    const recall: Recall = (users) => {
      read.push(...users)
      return sessions.loadUsers(users)
    }
    const progress = {
      record: async (shardId: string, sequenceNumber: string) => {
        applied.set(shardId, sequenceNumber)
      },
      isPassed: async (shardId: string, sequenceNumber: string) =>
        Number(applied.get(shardId) ?? 0) >= Number(sequenceNumber),
    }
    const clock = { nowMs: at(0) }
    const ports = rememberStates({ sessions, progress, recall }, stateMemory(bytesMax), RULES, () => clock.nowMs)
    return { ports, stored: sessions, read, applied, clock }
  }

  it('are not read again', async () => {
    const { ports, read } = remembering()
    await ports.sessions.saveUser('ann', stateAt(1, 0), 0, EXPIRES_MS)
    const states = await ports.recall(['ann', 'ben'])
    expect(states).toEqual(new Map([['ann', stateAt(1, 0)]]))
    expect(read).toEqual(['ben'])
  })

  it('are read again once a session of them is due, since the sweeper may have closed it', async () => {
    const { ports, read, clock } = remembering()
    await ports.sessions.saveUser('ann', stateAt(1, 0), 0, EXPIRES_MS)
    clock.nowMs = (nextDueAt(stateAt(1, 0), RULES) ?? 0) - 1
    await ports.recall(['ann'])
    expect(read).toEqual([])
    clock.nowMs += 1
    await ports.recall(['ann'])
    expect(read).toEqual(['ann'])
  })

  it('are read again without an open session', async () => {
    const { ports, read } = remembering()
    await ports.sessions.saveUser('ann', { ...stateAt(1, 0), open: [] }, 0, EXPIRES_MS)
    await ports.recall(['ann'])
    expect(read).toEqual(['ann'])
  })

  it('are read again after a save has failed', async () => {
    const { ports, stored, read } = remembering()
    await ports.sessions.saveUser('ann', stateAt(1, 0), 0, EXPIRES_MS)
    await stored.saveUser('ann', stateAt(2, 5), 1, EXPIRES_MS)
    const late = ports.sessions.saveUser('ann', stateAt(2, 9), 1, EXPIRES_MS)
    await expect(late).rejects.toBeInstanceOf(VersionConflictError)
    expect(await ports.recall(['ann'])).toEqual(new Map([['ann', stateAt(2, 5)]]))
    expect(read).toEqual(['ann'])
  })

  it('are never the answer to a consistent read', async () => {
    const { ports, stored } = remembering()
    await ports.sessions.saveUser('ann', stateAt(1, 0), 0, EXPIRES_MS)
    await stored.saveUser('ann', stateAt(2, 5), 1, EXPIRES_MS)
    expect(await ports.sessions.loadUsers(['ann'])).toEqual(new Map([['ann', stateAt(2, 5)]]))
  })

  it('are all forgotten when another process has applied records of the shard', async () => {
    const { ports, applied, read } = remembering()
    await ports.sessions.saveUser('ann', stateAt(1, 0), 0, EXPIRES_MS)
    await ports.progress.record('shard', '7', at(0))
    expect(await ports.progress.isPassed('shard', '8')).toBe(false)
    await ports.recall(['ann'])
    expect(read).toEqual([])
    expect(await ports.progress.isPassed('shard', '7')).toBe(true)
    applied.set('shard', '9')
    expect(await ports.progress.isPassed('shard', '9')).toBe(true)
    expect(await ports.progress.isPassed('shard', '10')).toBe(false)
    await ports.recall(['ann'])
    expect(read).toEqual(['ann'])
  })

  it('take bounded memory: the user goes whose last save is longest ago', async () => {
    const { ports, read } = remembering(2000)
    for (const user of ['ann', 'ben', 'cleo', 'ann', 'dan']) {
      const version = 1 + ((await ports.sessions.loadUsers([user])).get(user)?.version ?? 0)
      await ports.sessions.saveUser(user, stateAt(version, 0), version - 1, EXPIRES_MS)
    }
    await ports.recall(['ann', 'ben', 'cleo', 'dan'])
    expect(read).toEqual(['ben', 'cleo'])
  })
})

describe('ingest from outdated states', () => {
  const rules: Rules = { ...RULES, gapMs: 10 * SECOND_MS, latenessMs: 2 * SECOND_MS, maxSessionEvents: 4 }

  const sends: fc.Arbitrary<Sent[]> = fc.array(
    fc.record({
      user: fc.constantFrom('ann', 'ben'),
      type: fc.constantFrom('Search', 'AppClose'),
      query: fc.constantFrom('dogs', 'cats'),
      eventId: fc.constantFrom('1', '2', '3', '4', '5'),
      time: fc.integer({ min: 0, max: 12 }).map((n) => at(n * 5)),
    }),
    { minLength: 1, maxLength: 20 },
  )
  interface Given {
    readonly sent: Sent[]
    readonly batchSize: number
    readonly sweepEvery: number
    readonly ages: number[]
    readonly forgetAfter: number
  }
  const given: fc.Arbitrary<Given> = fc.record({
    sent: sends,
    batchSize: fc.integer({ min: 1, max: 6 }),
    sweepEvery: fc.integer({ min: 1, max: 4 }),
    ages: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 10 }),
    forgetAfter: fc.integer({ min: 0, max: 20 }),
  })

  /** @param ages how many saves ago the recalled states were stored; null for consistent reads. */
  async function resultOf({ sent, batchSize, sweepEvery, forgetAfter }: Given, ages: number[] | null) {
    const pipeline = memoryPipeline(rules)
    const saved = new Map<string, UserState[]>()
    const sessions: SessionStore = {
      ...pipeline.sessions,
      saveUser: async (user, state, ...rest) => {
        await pipeline.sessions.saveUser(user, state, ...rest)
        saved.set(user, [...(saved.get(user) ?? [NEW_USER]), state])
      },
    }
    let recalls = 0
    const recall: Recall = async (users) => {
      const pairs = users.flatMap((user): [string, UserState][] => {
        const age = ages?.[recalls++ % ages.length] ?? 0
        const state = saved.get(user)?.at(-1 - age)
        return state === undefined || state.version === 0 ? [] : [[user, state]]
      })
      return new Map(pairs)
    }
    const ports = { ...pipeline.ports, sessions, ...(ages !== null && { recall }) }
    const records = sent.map((one, n) => record(one, at(60 + n)))
    for (let start = 0, batch = 0; start < records.length; start += batchSize, batch++) {
      const nowMs = at(60 + start)
      const report = await ingest(records.slice(start, start + batchSize), ports, rules, nowMs)
      expect(report.failed).toBeNull()
      if (batch === forgetAfter) {
        const forgetting = {
          ...pipeline,
          sessions,
          deadLetters: { erase: async () => ({ removed: 0, unreadable: 0 }) },
        }
        await forget(
          'ann',
          { ...forgetting, pseudonym: (user) => user },
          { rules, deadLetterRetentionMs: MINUTE_MS },
          at(60 + start),
        )
      }
      if (batch % sweepEvery === 0) await pipeline.sweep(nowMs)
    }
    await pipeline.sweep(at(1_000_000), true)
    await pipeline.finalizeAll()
    const rows = [...pipeline.results.rows.values()].map(({ version: _, ...row }) => JSON.stringify(row)).sort()
    const aside = pipeline.deadLetters.stored.map(({ data }) => data)
    return { rows, aside: [...new Set(aside)].sort() }
  }

  /** Ingests the events from the outdated state, while a newer one is stored. */
  async function ingestFrom(outdated: UserState, pipeline: MemoryPipeline, events: readonly Sent[], nowMs: number) {
    const ports = { ...pipeline.ports, recall: async () => new Map([['ann', outdated]]) }
    const records = events.map((sent) => record({ user: 'ann', ...sent }, nowMs))
    return ingest(records, ports, RULES, nowMs)
  }

  const first = { user: 'ann', type: 'Search', query: 'dogs', eventId: 'e1', time: at(10) }

  async function forgottenUser() {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([record(first, at(11))], at(11))
    const outdated = pipeline.sessions.states.get('ann') ?? NEW_USER
    const ports = {
      ...pipeline,
      deadLetters: { erase: async () => ({ removed: 0, unreadable: 0 }) },
      pseudonym: (user: string) => user,
    }
    await forget('ann', ports, { rules: RULES, deadLetterRetentionMs: MINUTE_MS }, at(60))
    return { pipeline, outdated }
  }

  it('takes an event of a forgotten user for forgotten, not for a duplicate', async () => {
    const { pipeline, outdated } = await forgottenUser()
    const report = await ingestFrom(outdated, pipeline, [first], at(61))
    expect(report).toMatchObject({ forgotten: 1, duplicates: 0, conflicts: 1 })
  })

  it('puts no dead letter with an event of a forgotten user that a copy displaces', async () => {
    const { pipeline, outdated } = await forgottenUser()
    const report = await ingestFrom(outdated, pipeline, [{ ...first, query: 'cats', time: at(5) }], at(61))
    expect(report).toMatchObject({ forgotten: 1, accepted: 0 })
    expect(pipeline.deadLetters.stored).toEqual([])
  })

  it.each([
    ['evicts', OPEN_SESSIONS_MAX],
    ['closes', OPEN_SESSIONS_MAX + 1],
  ])('%s no session of an outdated state with %i open sessions', async (_, count) => {
    const pipeline = memoryPipeline(RULES)
    const nowMs = at(count * 2000)
    const closed = stateAt(count, count * 2000).open[0] as Session
    await pipeline.sessions.putClosed({ user: 'ann', session: closed, reason: 'gap', version: 1 }, EXPIRES_MS)
    const empty = { ...NEW_USER, version: 2, skewMs: 0, lastAffectingTimeMs: nowMs + RULES.gapMs }
    await pipeline.sessions.saveUser('ann', empty, 0, EXPIRES_MS)
    const open = Array.from({ length: count }, (_, n) => stateAt(n, n * 2000).open).flat()
    const sent = { type: 'Search', query: 'cats', time: nowMs + SECOND_MS }
    const report = await ingestFrom({ ...empty, version: 1, open }, pipeline, [sent], nowMs + SECOND_MS)
    expect(report).toMatchObject({ accepted: 1, amended: 1, failed: null })
    expect([...pipeline.sessions.closed.values()].map(({ id }) => id)).toEqual(closed.ids)
  })

  it('writes the rows and dead letters that it writes from the stored states', async () => {
    await fc.assert(
      fc.asyncProperty(given, async (drawn) => {
        expect(await resultOf(drawn, drawn.ages)).toEqual(await resultOf(drawn, null))
      }),
      { seed: SEED, numRuns: 100 },
    )
  })
})
