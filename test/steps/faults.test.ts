// Tests what each step does when a store fails: no event is lost or counted twice, and other users
// go on.

import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { toClose } from '../../functions/domain/sessions/closing.ts'
import { finalize } from '../../functions/finalize/finalize.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import { type SessionStore, VersionConflictError } from '../../functions/ports.ts'
import { sweep } from '../../functions/sweep/sweep.ts'
import { at, ROW_RULES, RULES, record } from '../support/events.ts'
import { memoryPipeline } from '../support/pipeline.ts'

const open = (user: string, seconds: number, id = `${user}${seconds}`) =>
  record({ type: 'AppOpen', user, time: at(seconds), eventId: id }, at(seconds))

/** A store that throws on saves of some users. */
function failingFor(sessions: SessionStore, fails: (user: string) => Error | null): SessionStore {
  return {
    ...sessions,
    saveUser: async (user, ...rest) => {
      const error = fails(user)
      if (error !== null) throw error
      await sessions.saveUser(user, ...rest)
    },
  }
}

describe('ingest', () => {
  it('reports the first record that is not durable, and records progress only up to the record before', async () => {
    const pipeline = memoryPipeline(RULES)
    const records = [open('ann', 0), open('ben', 1), open('cleo', 2), open('ben', 3)]
    const throttled = new Error('throttled')
    const sessions = failingFor(pipeline.sessions, (user) => (user === 'ben' ? throttled : null))
    const report = await ingest(records, { ...pipeline.ports, sessions }, RULES, at(3))
    expect(report.failed).toEqual({ sequenceNumber: records[1]?.sequenceNumber, cause: throttled })
    expect(pipeline.progress.sequenceNumber).toBe(records[0]?.sequenceNumber)
    expect([...pipeline.sessions.states.keys()].sort()).toEqual(['ann', 'cleo'])

    const again = await pipeline.ingest(records.slice(1), at(4))
    expect(again).toMatchObject({ accepted: 2, duplicates: 1, failed: null })
    expect(pipeline.progress.sequenceNumber).toBe(records[3]?.sequenceNumber)
  })

  it('closes no session early while it applies a backlog, however large the session is', async () => {
    const pipeline = memoryPipeline(RULES)
    const items = Array.from({ length: 1000 }, (_, n) => `item ${n}`)
    const backlog = Array.from({ length: 8 }, (_, n) =>
      record({ type: 'Results', user: 'ann', time: at(n), items, eventId: `r${n}` }, at(n)),
    )
    const daysLater = at(300_000)
    await pipeline.ingest(backlog, daysLater)
    expect(pipeline.sessions.states.get('ann')?.open[0]?.events).toHaveLength(8)
    expect(pipeline.changes).toEqual([])
  })

  it('rejects a batch for a run of sessions that is too long to reopen, with few reads of that run', async () => {
    const pipeline = memoryPipeline({ ...RULES, maxSessionEvents: 50 })
    const items = Array.from({ length: 100 }, (_, n) => `item ${n}`)
    for (let n = 0; n < 600; n += 50) {
      const batch = Array.from({ length: 50 }, (_, m) => {
        return record({ type: 'Results', user: 'bot', time: at(n + m), items, eventId: `r${n + m}` }, at(n + m))
      })
      await pipeline.ingest(batch, at(n + 50))
    }
    await pipeline.sweep(at(100_000))
    let loads = 0
    const sessions: SessionStore = {
      ...pipeline.sessions,
      loadClosed: (user, range) => {
        loads++
        return pipeline.sessions.loadClosed(user, range)
      },
    }
    const late = Array.from({ length: 200 }, (_, n) => {
      return record({ type: 'AppOpen', user: 'bot', time: at(1 + n / 10), eventId: `late ${n}` }, at(100_000))
    })
    const report = await ingest(late, { ...pipeline.ports, sessions }, { ...RULES, maxSessionEvents: 50 }, at(100_001))
    expect(report.rejected).toEqual({ 'too-late': 200 })
    expect(loads).toBeLessThan(10)
  })

  it('records no progress when the first record fails', async () => {
    const pipeline = memoryPipeline(RULES)
    const sessions = failingFor(pipeline.sessions, () => new Error('down'))
    await ingest([open('ann', 0)], { ...pipeline.ports, sessions }, RULES, at(3))
    expect(pipeline.progress.sequenceNumber).toBeNull()
  })

  it('fails at the record whose dead letter cannot be stored, so that Lambda redelivers it', async () => {
    const pipeline = memoryPipeline(RULES)
    const records = [open('ann', 0), record('{', at(1)), open('ann', 2)]
    const deadLetters = { put: () => Promise.reject(new Error('no bucket')) }
    const report = await ingest(records, { ...pipeline.ports, deadLetters }, RULES, at(3))
    expect(report.failed?.sequenceNumber).toBe(records[1]?.sequenceNumber)
    expect(pipeline.progress.sequenceNumber).toBe(records[0]?.sequenceNumber)
  })

  it('applies the arrivals again to the state of the writer that won a conflict', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([open('ann', 0)], at(0))
    const stale = new Map(pipeline.sessions.states)
    await pipeline.ingest([open('ann', 1)], at(1))
    let isFirst = true
    const sessions: SessionStore = {
      ...pipeline.sessions,
      loadUsers: async (users) => {
        if (!isFirst) return pipeline.sessions.loadUsers(users)
        isFirst = false
        return stale
      },
    }
    const report = await ingest([open('ann', 2)], { ...pipeline.ports, sessions }, RULES, at(2))
    expect(report).toMatchObject({ accepted: 1, conflicts: 1, failed: null })
    expect(pipeline.sessions.states.get('ann')?.open[0]?.events).toHaveLength(3)
  })

  it('fails after a conflict in every try, so that Lambda redelivers the batch', async () => {
    const pipeline = memoryPipeline(RULES)
    const sessions = failingFor(pipeline.sessions, (user) => new VersionConflictError(user, 1))
    const report = await ingest([open('ann', 0)], { ...pipeline.ports, sessions }, RULES, at(0))
    expect(report.failed?.cause).toBeInstanceOf(VersionConflictError)
  })

  it('closes a session at its limit without waiting for the sweeper', async () => {
    const pipeline = memoryPipeline({ ...RULES, maxSessionEvents: 10 })
    const flood = Array.from({ length: 1005 }, (_, n) => open('ann', n / 10, `e${n}`))
    const report = await pipeline.ingest(flood, at(200))
    expect(report).toMatchObject({ accepted: 1005, failed: null })
    expect(pipeline.sessions.closed.size).toBe(100)
    expect(pipeline.sessions.states.get('ann')?.open.map((session) => session.events.length)).toEqual([5])
  })
})

describe('sweep', () => {
  it('closes no session to which an unread record may still belong (C4)', async () => {
    const pipeline = memoryPipeline(RULES, () => at(60))
    await pipeline.ingest([open('ann', 0)], at(0))
    expect(await pipeline.sweep(at(100_000))).toMatchObject({ closed: 0, horizonMs: at(60) })
    expect(await memoryPipelineAt(100_000)).toMatchObject({ closed: 1 })
  })

  async function memoryPipelineAt(seconds: number) {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([open('ann', 0)], at(0))
    return pipeline.sweep(at(seconds))
  }

  it('repeats a closing that crashed after the closed item and before the state', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([open('ann', 0)], at(0))
    const state = pipeline.sessions.states.get('ann')
    const [closing] = toClose(state ?? neverState(), at(100_000), RULES, 'due')
    if (state === undefined || closing === undefined) throw new Error('nothing to close')
    await pipeline.sessions.putClosed({ user: 'ann', ...closing, version: state.version }, 0)
    expect(pipeline.sessions.states.get('ann')?.open).toHaveLength(1)
    expect(await pipeline.sweep(at(100_000))).toMatchObject({ closed: 1, conflicts: 0 })
    expect(pipeline.sessions.states.get('ann')?.open).toHaveLength(0)
  })

  it('raises the version of a state that expired before its closed sessions', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([open('ann', 0)], at(0))
    const session = pipeline.sessions.states.get('ann')?.open[0]
    if (session === undefined) throw new Error('no session')
    await pipeline.sessions.putClosed({ user: 'ann', session, reason: 'gap', version: 40 }, 0)
    expect(await pipeline.sweep(at(100_000))).toMatchObject({ closed: 1, conflicts: 0 })
    expect(await pipeline.sessions.closedVersion('ann', session.ids[0] ?? '', 0)).toBeGreaterThan(40)
  })

  it('leaves users for the next sweep when its time is up', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([open('ann', 0), open('ben', 0)], at(0))
    const ports = {
      sessions: pipeline.sessions,
      timers: pipeline.timers,
      horizon: { readUpTo: async (now: number) => now },
      hasTime: () => false,
    }
    const settings = { rules: RULES, sweepEveryMs: MINUTE_MS }
    expect(await sweep({ drain: false }, ports, settings, at(100_000))).toMatchObject({ closed: 0, isUnfinished: true })
  })

  it('sweeps the other users when one fails, and reports why the first one failed', async () => {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest([open('ann', 0), open('ben', 1), open('cleo', 2)], at(2))
    const broken = new Error('item is broken')
    const ports = {
      sessions: failingFor(pipeline.sessions, (user) => (user === 'ann' ? broken : null)),
      timers: pipeline.timers,
      horizon: { readUpTo: async (now: number) => now },
      hasTime: () => true,
    }
    const settings = { rules: RULES, sweepEveryMs: MINUTE_MS }
    expect(await sweep({ drain: false }, ports, settings, at(100_000))).toMatchObject({
      users: 3,
      closed: 2,
      failed: { count: 1, cause: broken },
    })
    expect(await pipeline.sweep(at(100_000) + 1)).toMatchObject({ closed: 1, failed: null })
  })

  it('closes a session that an AppClose ended as soon as the lateness has passed (C3)', async () => {
    const pipeline = memoryPipeline(RULES)
    const send = (type: string, seconds: number) =>
      pipeline.ingest([record({ type, user: 'ann', query: 'dogs', time: at(seconds) }, at(seconds))], at(seconds))
    await send('Search', 0)
    await send('AppClose', 10)
    const closedMs = at(10) + RULES.latenessMs
    expect(await pipeline.sweep(closedMs)).toMatchObject({ closed: 0 })
    expect(await pipeline.sweep(closedMs + 1)).toMatchObject({ closed: 1 })
  })
})

describe('finalize', () => {
  /** Returns the changes of two closed sessions with a search each, and the ports for finalize. */
  async function twoClosed() {
    const pipeline = memoryPipeline(RULES)
    const searches = ['ann', 'ben'].map((user) => record({ type: 'Search', user, time: at(0), query: 'dogs' }, at(0)))
    await pipeline.ingest(searches, at(0))
    await pipeline.sweep(at(100_000))
    const { sessions, results, dirtyHours, changes } = pipeline
    return { changes, ports: { sessions, results, dirtyHours, digest: sha256, hasTime: () => true } }
  }
  const settings = { ...ROW_RULES, resultRetentionMs: 1 }

  it('begins no change when its time is up, and reports where it stopped', async () => {
    const { changes, ports } = await twoClosed()
    let changesBegun = 0
    const report = await finalize(changes, { ...ports, hasTime: () => ++changesBegun < 2 }, settings, 0)
    expect(report).toMatchObject({ changes: 1, failed: { sequenceNumber: changes[1]?.sequenceNumber } })
    expect(ports.results.rows.size).toBe(2)
    expect(await finalize(changes, ports, settings, 0)).toMatchObject({ changes: 2, failed: null })
    expect(ports.results.rows.size).toBe(4)
  })

  it('marks the hours of rows before and after a change as dirty, after the writes and when a write fails', async () => {
    const pipeline = memoryPipeline(RULES)
    const sends = [{ type: 'Search', user: 'ann', time: at(3605), eventId: 'a', query: 'dogs' }]
    await pipeline.ingest([record(sends[0], at(3605))], at(3605))
    await pipeline.sweep(at(10_000))
    await pipeline.finalizeAll()
    expect([...pipeline.dirtyHours.periods.keys()]).toEqual(['hour#2026-03-02T01'])
    for (const period of [...pipeline.dirtyHours.periods.values()]) await pipeline.dirtyHours.clear(period)
    // Earlier events move the session's start, and its row, into the hour before.
    const earlier = { type: 'Search', user: 'ann', time: at(3500), eventId: 'b', query: 'cats' }
    await pipeline.ingest([record(earlier, at(10_010))], at(10_010))
    await pipeline.sweep(at(20_000))
    const { sessions, results, dirtyHours, changes } = pipeline
    const rowsAtMark: number[] = []
    const watched = {
      mark: async (periods: Parameters<typeof dirtyHours.mark>[0]) => {
        rowsAtMark.push(results.rows.size)
        await dirtyHours.mark(periods)
      },
    }
    const put = async () => {
      throw new Error('throttled')
    }
    const ports = { sessions, results, dirtyHours: watched, digest: sha256, hasTime: () => true }
    const failing = { ...ports, results: { ...results, put } }
    expect((await finalize(changes, failing, settings, 0)).failed).not.toBeNull()
    expect([...dirtyHours.periods.keys()].sort()).toEqual(['hour#2026-03-02T00', 'hour#2026-03-02T01'])
    await finalize(changes, ports, settings, 0)
    expect(rowsAtMark).toEqual([2, 3])
  })

  it('refuses a change whose closed session has expired, and names it', async () => {
    const { changes, ports } = await twoClosed()
    const [first, second] = changes
    if (first === undefined || second === undefined) throw new Error('no change')
    ports.sessions.expire(first.user, first.id)
    const report = await finalize(changes, ports, settings, 0)
    expect(report).toMatchObject({ changes: 2, sessions: 1, refused: [first.sequenceNumber], failed: null })
    expect(ports.results.rows.size).toBe(2)
    const expiredMs = at(0) + 400 * DAY_MS
    expect(await finalize([second], ports, settings, expiredMs)).toMatchObject({ refused: [second.sequenceNumber] })
  })

  it('leaves no row of a merged session when its first change is redriven', async () => {
    const { changes, ports } = await twoClosed()
    const [first] = changes
    if (first === undefined) throw new Error('no change')
    await ports.sessions.putTombstone(first.user, first.id, first.version + 1, at(0) + DAY_MS)
    await finalize(changes.splice(0), ports, settings, 0)
    expect([...ports.results.rows.values()].filter(({ user }) => user === first.user)).toEqual([])
    expect(await finalize([first], ports, settings, 0)).toMatchObject({ overtaken: 1, refused: [] })
    expect([...ports.results.rows.values()].filter(({ user }) => user === first.user)).toEqual([])
  })

  it('waits for all writes of a change when one fails', async () => {
    const { changes, ports } = await twoClosed()
    let written = 0
    const results = {
      ...ports.results,
      put: async (row: Parameters<typeof ports.results.put>[0]) => {
        if (row.kind === 'search') throw new Error('throttled')
        for (let turn = 0; turn < 20; turn++) await Promise.resolve()
        written++
      },
    }
    const report = await finalize(changes.slice(0, 1), { ...ports, results }, settings, 0)
    expect(report.failed?.cause).toEqual(new Error('throttled'))
    expect(written).toBe(1)
  })
})

function neverState(): never {
  throw new Error('no state')
}
