// Checks that the live page shows what a pipeline stores, in bounded size.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import { isNonEmpty } from '../../functions/domain/non-empty.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import type { Session } from '../../functions/domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'
import { readSettings, rulesOf } from '../../infra/read-settings.ts'
import { memoryRun } from '../../local/memory/memory-run.ts'
import { observedPorts } from '../../local/memory/observed-ports.ts'
import { generateLog } from '../../samples/generated-log.ts'
import type { WatchFrame } from '../../watch/watch-frame.ts'
import { type WatchModel, watchModel } from '../../watch/watch-model.ts'
import { at, bare, click, ORIGIN_MS, RULES, search } from '../support/events.ts'
import { randomSends, SEED } from '../support/random-log.ts'

const CLOCK = { nowMs: ORIGIN_MS, speed: 1 }

function figure({ figures }: WatchFrame, name: string): string | undefined {
  return figures.find((one) => one.name === name)?.value
}

async function watched(settings: Readonly<Record<string, string>>, sends: readonly object[]) {
  const model = watchModel(rulesOf(readSettings(settings)))
  const run = memoryRun({ settings, portsOf: (_, ports) => observedPorts(ports, model) })
  async function* lines(): AsyncGenerator<Buffer> {
    for (const sent of sends) yield Buffer.from(JSON.stringify(sent))
  }
  await run.replay('log', lines(), () => {})
  return { model, run }
}

function open(id: string, ...events: readonly Event[]): Session {
  if (!isNonEmpty(events)) throw new Error('a session has an event')
  return { ids: [id], continues: null, limitedBy: null, events }
}

function state(version: number, sessions: readonly Session[], skewMs = 0): UserState {
  return { ...NEW_USER, version, skewMs, open: sessions }
}

function closed(version: number, session: Session): ClosedSession {
  return { user: 'ann', session, reason: 'gap', version }
}

function frameOf(model: WatchModel): WatchFrame {
  return model.frame(CLOCK)
}

describe('the figures of the live page', () => {
  it('equal the summary of a run, whatever the log', async () => {
    await fc.assert(
      fc.asyncProperty(randomSends, async (sends) => {
        const { model, run } = await watched({ gap: '10s' }, sends)
        const states = [...run.stores.sessions.states.values()]
        expect(figure(frameOf(model), 'Open sessions')).toBe(String(states.flatMap((one) => one.open).length))
        await run.drain()
        const summary = await run.summary()
        const frame = frameOf(model)
        expect(figure(frame, 'Events')).toBe(String(summary.accepted))
        expect(figure(frame, 'Open sessions')).toBe('0')
        expect(figure(frame, 'Closed sessions')).toBe(String(summary.sessions))
        expect(figure(frame, 'Rows')).toBe(String((await run.results()).length))
        const known = summary.searches === 0 ? '–' : `${((summary.ctr ?? 0) * 100).toFixed(1)} % *`
        expect(figure(frame, 'CTR')).toBe(known)
      }),
      { seed: SEED, numRuns: 100 },
    )
  })

  it('equal the summary of a larger log with late events and copies', async () => {
    const { model, run } = await watched({}, generateLog({ seed: 3, users: 60, days: 4, startMs: ORIGIN_MS }))
    await run.drain()
    const summary = await run.summary()
    const frame = frameOf(model)
    expect(summary.duplicates).toBeGreaterThan(0)
    expect(figure(frame, 'Events')).toBe(summary.accepted.toLocaleString('en-GB'))
    expect(figure(frame, 'CTR')).toBe(`${((summary.ctr ?? 0) * 100).toFixed(1)} %`)
  })
})

describe('an open session on the live page', () => {
  it('is due at the arrival from which the sweep closes it', () => {
    const model = watchModel(RULES)
    // The user's clock is an hour behind the arrival.
    model.onState('ann', state(1, [open('s', search(at(0)))], -60 * MINUTE_MS))
    const [session] = frameOf(model).open
    expect(session).toMatchObject({ user: 'ann', events: 1, searches: 1, query: 'dogs' })
    expect(session?.dueMs).toBe(at(0) + 60 * MINUTE_MS + RULES.gapMs + RULES.latenessMs + 1)
  })

  it('is due at once after AppClose, but for the lateness', () => {
    const model = watchModel(RULES)
    model.onState('ann', state(1, [open('s', search(at(0)), bare('AppClose', at(9)))]))
    expect(frameOf(model).open[0]?.dueMs).toBe(at(9) + RULES.latenessMs + 1)
  })

  it('comes before those that are due later', () => {
    const model = watchModel(RULES)
    for (const [user, second] of [
      ['late', 9],
      ['first', 1],
      ['middle', 5],
    ] as const)
      model.onState(user, state(1, [open(user, search(at(second)))]))
    expect(frameOf(model).open.map(({ user }) => user)).toEqual(['first', 'middle', 'late'])
  })

  it('has the number of its closed copy when a late event opens it again', () => {
    const model = watchModel(RULES)
    const session = open('s', search(at(0)))
    model.onState('ann', state(1, [session]))
    model.onClosed(closed(2, session))
    const number = frameOf(model).closed[0]?.number
    model.onState('ann', state(3, [open('s', search(at(0)), click(at(5), 'a'))]))
    const frame = frameOf(model)
    expect(frame.open.map((one) => one.number)).toEqual([number])
    expect(frame.closed).toEqual([])
    expect(frame.events.map(({ type }) => type)).toEqual(['ClickResult', 'Search'])
    expect(model.session(number ?? 0)?.closeReason).toBeNull()
  })

  it('answers to the number of a session that merged into it', () => {
    const model = watchModel(RULES)
    const [one, other] = [open('s1', search(at(0))), open('s2', search(at(3000), { eventId: 'e2' }))]
    model.onState('ann', state(1, [one, other]))
    const numbers = frameOf(model).open.map(({ number }) => number)
    const merged = { ...open('s1', ...one.events, click(at(1500), 'a'), ...other.events), ids: ['s1', 's2'] as const }
    model.onState('ann', state(2, [merged as unknown as Session]))
    expect(numbers.map((number) => model.session(number)?.searches)).toEqual([2, 2])
    model.onClosed(closed(3, merged as unknown as Session))
    model.onTombstone('ann', 's2')
    expect(figure(frameOf(model), 'Closed sessions')).toBe('1')
    expect(model.session(numbers[1] ?? 0)?.searches).toBe(2)
  })
})

describe('the live page', () => {
  it('ignores a write that it knows, and an older one after a newer one', () => {
    const model = watchModel(RULES)
    const session = open('s', search(at(0)))
    model.onState('ann', state(1, [session]))
    model.onState('ann', state(3, []))
    model.onClosed(closed(2, session))
    const before = JSON.stringify(frameOf(model))
    const revision = model.revision()
    model.onState('ann', state(1, [session]))
    model.onState('ann', state(2, [session]))
    model.onClosed(closed(2, session))
    model.onClosed(closed(1, session))
    expect([model.revision(), JSON.stringify(frameOf(model))]).toEqual([revision, before])
  })

  it('takes a forgotten user out of lists and rates', async () => {
    const { model, run } = await watched({}, generateLog({ seed: 3, users: 3, days: 1, startMs: ORIGIN_MS }))
    await run.drain()
    const users = [...run.stores.sessions.states]
    for (const [user, one] of users) {
      const forgotten = { atMs: 1, untilMs: 2, pendingTombstones: [] }
      model.onState(user, { ...one, version: one.version + 1, open: [], forgotten })
    }
    const { events, open: sessions, closed: closings, rows, figures } = frameOf(model)
    expect([events, sessions, closings, rows]).toEqual([[], [], [], []])
    expect(figures.find(({ name }) => name === 'CTR')?.parts).toBe('0 of 0 searches clicked')
    expect(figure(frameOf(model), 'Closed sessions')).toBe('0')
  })

  it('bounds a frame, whatever the number of users and the length of texts', () => {
    const model = watchModel(RULES)
    const long = '𝒳<&"'.repeat(64)
    for (let n = 0; n < 21_000; n++) {
      const session = open(`s${n}`, search(at(n), { query: long.repeat(4), eventId: `e${n}` }))
      model.onState(`${n}${long}`.slice(0, 256), state(1, [session]))
      if (n % 20 === 0) model.onClosed({ ...closed(2, session), user: `${n}${long}`.slice(0, 256) })
    }
    const frame = frameOf(model)
    expect(figure(frame, 'Open sessions')).toBe((20_000 - 1000).toLocaleString('en-GB'))
    expect([frame.open.length, frame.closed.length, frame.events.length]).toEqual([60, 40, 40])
    expect(JSON.stringify(frame).length).toBeLessThan(100_000)
  })

  it('knows no session by a number that it never gave', () => {
    const model = watchModel(RULES)
    expect([0, 1, 1.5, Number.MAX_SAFE_INTEGER].map(model.session)).toEqual([null, null, null, null])
  })
})
