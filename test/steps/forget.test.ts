// Tests `forget` while every step runs: nothing of the user stays or comes back, and other users
// lose nothing.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { finalize } from '../../functions/finalize/finalize.ts'
import { type ForgetPorts, type ForgetReport, forget } from '../../functions/forget/forget.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import type { ArrivedRecord, PageSpan } from '../../functions/ports.ts'
import { sweep } from '../../functions/sweep/sweep.ts'
import { oracleSessions } from '../../sim/oracle.ts'
import { at, event, ROW_RULES, RULES, record, type Sent } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline, RETENTION_MS } from '../support/pipeline.ts'
import { GAP_SECONDS, randomSends, SEED } from '../support/random-log.ts'

const SETTINGS = { rules: RULES, deadLetterRetentionMs: 30 * DAY_MS }
/** Later than every event that is sent. */
const FORGOTTEN_AT = at(10_000)

function searching(user: string, seconds: number): ArrivedRecord[] {
  const sent = [
    { type: 'AppOpen' },
    { type: 'Search', query: 'dogs', searchId: 's1' },
    { type: 'Results', items: ['fido', 'rover'], searchId: 's1' },
    { type: 'ClickResult', item: 'rover', searchId: 's1' },
  ]
  return sent.map((fields, n) => {
    const time = at(seconds + n)
    return record({ ...fields, user, time, eventId: `${user} ${seconds + n}` }, time)
  })
}

const FIRST = [...searching('ann', 0), ...searching('ben', 0), ...searching('ann', 3000)]
const GARBAGE = [record('{"type":"Serch","user":"ann"}', at(3010)), record('{"user":"ann",', at(3010))]
/** Merges the first two sessions. */
const LATE = [record({ type: 'AppOpen', user: 'ann', time: at(1500), eventId: 'late' }, at(6000))]
const LAST = searching('ann', 9000)
const EVERYTHING = [...FIRST, ...GARBAGE, ...LATE, ...LAST]

/** Returns the port with `before` run before each of its calls. */
function hooked<T extends object>(port: T, before: () => Promise<void>): T {
  async function* after<Page>(list: AsyncIterable<Page>): AsyncIterable<Page> {
    await before()
    yield* list
  }
  const calls = Object.entries(port).map(([name, call]) => {
    if (typeof call !== 'function') return [name, call]
    if (name === 'lists') return [name, (span: PageSpan) => call(span).map(after)]
    if (!/^(closedVersions|rowsOf)$/.test(name)) {
      return [name, (...args: unknown[]) => before().then(() => call(...args))]
    }
    return [
      name,
      async function* (...args: unknown[]) {
        await before()
        yield* call(...args)
      },
    ]
  })
  return Object.fromEntries(calls) as T
}

/**
 * Runs three batches, two sweeps and two finalizes, in which sessions close, merge and close again.
 */
async function everyStep(pipeline: MemoryPipeline, before: () => Promise<void>): Promise<void> {
  const sessions = hooked(pipeline.sessions, before)
  const results = hooked(pipeline.results, before)
  const dirtyHours = hooked(pipeline.dirtyHours, before)
  const timers = hooked(pipeline.timers, before)
  const ports = { ...pipeline.ports, sessions, timers, deadLetters: hooked(pipeline.deadLetters, before) }
  const settings = { rules: RULES, sweepEveryMs: MINUTE_MS }
  const sweepAt = async (nowMs: number): Promise<void> => {
    await sweep(
      { drain: false },
      { sessions, timers, horizon: { readUpTo: async () => nowMs }, hasTime: () => true },
      settings,
      nowMs,
    )
  }
  const finalizeChanges = async (): Promise<void> => {
    const changes = pipeline.changes.splice(0)
    const finalizing = { sessions, results, dirtyHours, digest: sha256, hasTime: () => true }
    await finalize(changes, finalizing, { ...ROW_RULES, resultRetentionMs: RETENTION_MS }, at(0))
  }
  await ingest([...FIRST, ...GARBAGE], ports, RULES, at(3010))
  await sweepAt(at(5900))
  await finalizeChanges()
  await ingest(LATE, ports, RULES, at(6000))
  await sweepAt(at(6001))
  await finalizeChanges()
  await ingest(LAST, ports, RULES, at(9010))
}

async function comeToRest(pipeline: MemoryPipeline): Promise<void> {
  await pipeline.sweep(at(100_000))
  await pipeline.finalizeAll()
}

function forgetAnn(
  pipeline: MemoryPipeline,
  nowMs = FORGOTTEN_AT,
  own: Partial<ForgetPorts> = {},
): Promise<ForgetReport> {
  return forget('ann', { ...pipeline, pseudonym: (user) => user, ...own }, SETTINGS, nowMs)
}

/**
 * Returns all that is stored of a user, except tombstones and what the state remembers of the
 * forgetting.
 */
function leftOf(user: string, { sessions, timers, results, deadLetters }: MemoryPipeline): string[] {
  const left = [
    ...(sessions.states.get(user)?.open ?? []),
    ...[...sessions.closed.values()].flatMap((entry) => (entry.user === user ? (entry.closed ?? []) : [])),
    ...[...results.rows.values()].filter((row) => row.user === user),
    ...[...timers.pages.values()].flat().filter((timer) => timer.user === user),
    ...deadLetters.stored.filter(({ data }) => Buffer.from(data, 'base64').toString().includes(`"user":"${user}`)),
  ]
  return left.map((one) => JSON.stringify(one)).sort()
}

/** Counts the calls that `run` makes of its ports. */
async function callsOf(run: (before: () => Promise<void>) => Promise<unknown>): Promise<number> {
  let calls = 0
  await run(async () => {
    calls++
  })
  return calls
}

async function benAlone(): Promise<string[]> {
  const pipeline = memoryPipeline(RULES)
  await everyStep(pipeline, async () => {})
  await comeToRest(pipeline)
  expect(leftOf('ann', pipeline).length).toBeGreaterThan(5)
  return leftOf('ben', pipeline)
}

async function expectForgotten(pipeline: MemoryPipeline, ben: readonly string[], where: string): Promise<void> {
  await comeToRest(pipeline)
  expect(leftOf('ann', pipeline), where).toEqual([])
  expect(leftOf('ben', pipeline), where).toEqual(ben)
  expect(pipeline.sessions.states.get('ann')?.forgotten?.pendingTombstones, where).toEqual([])
  const again = await pipeline.ingest(EVERYTHING, at(20_000))
  expect(again, where).toMatchObject({ accepted: 0, rejected: {}, forgotten: EVERYTHING.length - 4, duplicates: 4 })
  await comeToRest(pipeline)
  expect(leftOf('ann', pipeline), `${where}, redelivered`).toEqual([])
  expect(leftOf('ben', pipeline), `${where}, redelivered`).toEqual(ben)
}

describe('forgetting a person', () => {
  it('leaves nothing of the user when it runs before any call of any step', async () => {
    const ben = await benAlone()
    const calls = await callsOf((before) => everyStep(memoryPipeline(RULES), before))
    expect(calls).toBeGreaterThan(30)
    for (let turn = 1; turn <= calls + 1; turn++) {
      const pipeline = memoryPipeline(RULES)
      let call = 0
      await everyStep(pipeline, async () => {
        if (++call === turn) await forgetAnn(pipeline)
      })
      if (turn > calls) await forgetAnn(pipeline)
      // An ingest that read the state before may store dead letters after it. A second run erases
      // them.
      if (pipeline.deadLetters.stored.length > 0) await forgetAnn(pipeline)
      await expectForgotten(pipeline, ben, `before call ${turn}`)
    }
  })

  it('leaves nothing of the user when it crashes at any call and runs again', async () => {
    const ben = await benAlone()
    const calls = await callsOf((before) => everyStep(memoryPipeline(RULES), before))
    const crashes = Array.from({ length: 28 }, (_, n) => [1 + (n >> 1), n % 2 === 0] as const)
    for (let turn = 1; turn <= calls; turn++) {
      for (const [crashesAt, isSoon] of crashes) {
        const pipeline = memoryPipeline(RULES)
        let call = 0
        await everyStep(pipeline, async () => {
          if (++call === turn) await expectToCrash(pipeline, crashesAt)
          // The interrupted step has not ended yet.
          if (call === turn && isSoon) await forgetAnn(pipeline)
        })
        if (!isSoon || pipeline.deadLetters.stored.length > 0) await forgetAnn(pipeline, FORGOTTEN_AT + 1)
        await expectForgotten(pipeline, ben, `crashed at call ${crashesAt}, before call ${turn}`)
      }
    }
  })

  it('can run twice, and twice at the same time', async () => {
    const ben = await benAlone()
    const pipeline = memoryPipeline(RULES)
    await everyStep(pipeline, async () => {})
    await Promise.all([forgetAnn(pipeline), forgetAnn(pipeline, FORGOTTEN_AT + 1)])
    expect(await forgetAnn(pipeline, FORGOTTEN_AT - 1)).toMatchObject({ sessions: 0, rows: 0, deadLetters: 0 })
    expect(pipeline.sessions.states.get('ann')?.forgotten?.atMs).toBe(FORGOTTEN_AT + 1)
    await expectForgotten(pipeline, ben, 'twice')
  })

  it('counts the sessions, rows and dead letters that it removed', async () => {
    const pipeline = memoryPipeline(RULES)
    await everyStep(pipeline, async () => {})
    await pipeline.finalizeAll()
    expect(await forgetAnn(pipeline)).toEqual({
      sessions: 2,
      rows: 2,
      deadLetters: 2,
      unreadable: 0,
      untilMs: FORGOTTEN_AT + 38 * DAY_MS,
    })
  })

  it('drops later deliveries of a user who was never stored', async () => {
    const pipeline = memoryPipeline(RULES)
    expect(await forgetAnn(pipeline)).toMatchObject({ sessions: 0, rows: 0, deadLetters: 0 })
    expect(await pipeline.ingest(LAST, at(20_000))).toMatchObject({ accepted: 0, forgotten: 4 })
  })

  it('erases a user whose state expired before a closed session', async () => {
    const pipeline = memoryPipeline(RULES)
    await everyStep(pipeline, async () => {})
    await comeToRest(pipeline)
    pipeline.sessions.expire('ann', null)
    await forgetAnn(pipeline)
    await comeToRest(pipeline)
    expect(leftOf('ann', pipeline)).toEqual([])
  })

  it('removes rows that outlived the user’s other items, whatever their versions', async () => {
    const pipeline = memoryPipeline(RULES)
    await everyStep(pipeline, async () => {})
    await comeToRest(pipeline)
    pipeline.sessions.expire('ann', null)
    for (const { user, id } of [...pipeline.sessions.closed.values()]) pipeline.sessions.expire(user, id)
    expect(await forgetAnn(pipeline)).toMatchObject({ sessions: 0, rows: 4 })
    expect(leftOf('ann', pipeline)).toEqual([])
  })
})

async function expectToCrash(pipeline: MemoryPipeline, crashesAt: number): Promise<void> {
  let call = 0
  const crashing = async (): Promise<void> => {
    if (++call === crashesAt) throw new Error('crashed')
  }
  const ports = {
    sessions: hooked(pipeline.sessions, crashing),
    results: hooked(pipeline.results, crashing),
    deadLetters: hooked(pipeline.deadLetters, crashing),
    pseudonym: (user: string) => user,
  }
  await forgetAnn(pipeline, FORGOTTEN_AT, ports).catch((error: Error) => expect(error.message).toBe('crashed'))
}

describe('events after the forgetting', () => {
  it('treats a forgotten user like a new one', async () => {
    const pipeline = memoryPipeline(RULES)
    await everyStep(pipeline, async () => {})
    await forgetAnn(pipeline)
    expect(await pipeline.ingest(searching('ann', 12_000), at(12_010))).toMatchObject({ accepted: 4, forgotten: 0 })
    expect(pipeline.sessions.states.get('ann')).toMatchObject({ skewMs: 0, lastAffectingTimeMs: null })
    await comeToRest(pipeline)
    expect([...pipeline.results.rows.values()].filter(({ user }) => user === 'ann')).toMatchObject([
      { kind: 'search', clicked: 1 },
      { kind: 'session', searches: 1, events: 4 },
    ])
  })

  it('does not move the user’s clock by a dropped event', async () => {
    const pipeline = memoryPipeline(RULES)
    await forgetAnn(pipeline)
    const before = pipeline.sessions.states.get('ann')
    const ahead = record({ type: 'AppOpen', user: 'ann', time: FORGOTTEN_AT + MINUTE_MS }, FORGOTTEN_AT)
    const behind = record({ type: 'AppOpen', user: 'ann', time: FORGOTTEN_AT }, at(20_000))
    expect(await pipeline.ingest([ahead, behind], at(20_000))).toMatchObject({ accepted: 0, forgotten: 2 })
    expect(pipeline.sessions.states.get('ann')).toEqual(before)
  })

  it('stores rejected records that arrived after the forgetting', async () => {
    const pipeline = memoryPipeline(RULES)
    await forgetAnn(pipeline)
    const garbage = [FORGOTTEN_AT, FORGOTTEN_AT + 1].map((arrivalMs) => record('{"user":"ann"}', arrivalMs))
    const behind = record({ user: 'ann', time: new Date(FORGOTTEN_AT).toISOString() }, at(20_000))
    const report = await pipeline.ingest([...garbage, behind], at(20_000))
    expect(report).toMatchObject({ forgotten: 2, rejected: { 'missing-field': 1 } })
    expect(pipeline.deadLetters.stored).toMatchObject([{ arrivalMs: FORGOTTEN_AT + 1 }])
  })

  it('closes a session that begins before any call of the forgetting', async () => {
    const calls = await callsOf(async (before) => {
      const pipeline = memoryPipeline(RULES)
      await everyStep(pipeline, async () => {})
      await forget('ann', allHooked(pipeline, before), SETTINGS, FORGOTTEN_AT)
    })
    for (let nth = 0; nth < calls; nth++) {
      const pipeline = memoryPipeline(RULES)
      await everyStep(pipeline, async () => {})
      let call = 0
      const beginSession = async () => {
        if (call++ === nth) await pipeline.ingest(searching('ann', 10_001), FORGOTTEN_AT + 1001)
      }
      await forget('ann', allHooked(pipeline, beginSession), SETTINGS, FORGOTTEN_AT)
      await comeToRest(pipeline)
      expect(pipeline.sessions.states.get('ann')?.open, `before call ${nth}`).toEqual([])
    }
  })

  it('stays when a forgetting that began before it continues late', async () => {
    const pipeline = memoryPipeline(RULES)
    await everyStep(pipeline, async () => {})
    const calls = await callsOf((before) => forgetAnn(pipeline, FORGOTTEN_AT, allHooked(pipeline, before)))
    for (let continuesAt = 4; continuesAt <= calls; continuesAt++) {
      const late = memoryPipeline(RULES)
      await everyStep(late, async () => {})
      let call = 0
      const ports = allHooked(late, async () => {
        if (++call !== continuesAt) return
        await late.ingest(searching('ann', 12_000), at(12_010))
        await comeToRest(late)
      })
      await forgetAnn(late, FORGOTTEN_AT, ports)
      await comeToRest(late)
      const rows = [...late.results.rows.values()].filter(({ user }) => user === 'ann')
      expect(rows.length, `at call ${continuesAt}`).toBe(2)
    }
  })

  it('stores exactly the events that happened and arrived after the moment, in any order', async () => {
    const rules = { ...RULES, gapMs: GAP_SECONDS * 1000, latenessMs: 0 }
    const delays = fc.array(fc.integer({ min: -5, max: 60 }), { minLength: 30, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(randomSends, delays, fc.integer({ min: -10, max: 150 }), async (sends, delayed, moment) => {
        const pipeline = memoryPipeline(rules)
        const records = sends
          .map((sent, n) => ({ sent, arrivalMs: (sent.time as number) + (delayed[n] ?? 0) * 1000 }))
          .sort((a, b) => a.arrivalMs - b.arrivalMs)
          .map(({ sent, arrivalMs }) => ({ sent, ...record(sent, arrivalMs) }))
        const before = records.filter(({ arrivalMs }) => arrivalMs <= at(moment))
        await pipeline.ingest(before, at(moment))
        await pipeline.sweep(at(moment))
        await forgetAnn(pipeline, at(moment))
        await pipeline.ingest(records, at(300))
        await pipeline.sweep(at(100_000))
        const live = records.filter(({ sent, arrivalMs }) => {
          return sent.user !== 'ann' || Math.min(sent.time as number, arrivalMs) > at(moment)
        })
        for (const user of ['ann', 'ben', 'cleo']) {
          const own = live
            .filter(({ sent }) => sent.user === user)
            .map(({ sent, arrivalMs }) => eventOf(sent, arrivalMs))
          const expected = oracleSessions(own, rules).map(({ eventIds }) => eventIds.join())
          const closed = [...pipeline.sessions.closed.values()].filter((entry) => entry.user === user)
          const ids = closed.flatMap((entry) => entry.closed?.session.events.map(({ eventId }) => eventId).join() ?? [])
          expect(ids.sort()).toEqual(expected.sort())
        }
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})

function allHooked(
  { sessions, results, dirtyHours, deadLetters }: MemoryPipeline,
  before: () => Promise<void>,
): ForgetPorts {
  return {
    sessions: hooked(sessions, before),
    results: hooked(results, before),
    dirtyHours: hooked(dirtyHours, before),
    deadLetters: hooked(deadLetters, before),
    pseudonym: (user) => user,
  }
}

function eventOf(sent: Sent, arrivalMs: number) {
  return event(sent, arrivalMs)
}
