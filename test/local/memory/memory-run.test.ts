// Checks what a run in memory does with records, settings and reports.

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { StepPorts } from '../../../local/memory/memory-ports.ts'
import { memoryRun } from '../../../local/memory/memory-run.ts'
import { readReport } from '../../../report/report-data.ts'
import { generateLog } from '../../../samples/generated-log.ts'
import { LATER_GENERATION } from '../../../samples/tutorial-events.ts'
import { at } from '../../support/events.ts'
import { runInMemory } from '../../support/in-memory.ts'

const linesOf = (events: readonly object[]): string[] => events.map((event) => JSON.stringify(event))
const searchAt = (second: number): object => ({ type: 'Search', user: 'ann', query: 'dogs', time: at(second) })

describe('a run in memory', () => {
  it('sums an empty log to nothing', async () => {
    const { summary, rows } = await runInMemory({}, [])
    expect(summary).toMatchObject({ eventsIn: 0, accepted: 0, sessions: 0, ctr: null })
    expect(rows).toEqual([])
  })

  it('reads the rules from the settings', async () => {
    const log = linesOf([searchAt(0), searchAt(60)])
    expect((await runInMemory({}, log)).summary.sessions).toBe(1)
    expect((await runInMemory({ gap: '30s' }, log)).summary.sessions).toBe(2)
    expect(
      (await runInMemory({ minEventTime: '2025-01-01T00:00:00Z' }, linesOf([searchAt(-1e8)]))).summary,
    ).toMatchObject({ rejected: { 'time-implausible': 1 } })
  })

  it('refuses settings as a deployment does', () => {
    expect(() => memoryRun({ settings: { gap: 'soon' } })).toThrow(/^setting gap: /)
    expect(() => memoryRun({ settings: { resultRetention: '7d', amendFor: '7d' } })).toThrow(
      /^setting resultRetention: /,
    )
  })

  it('stores users under pseudonyms if a setting names their key', async () => {
    const pseudonymKeyArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-ABC123'
    const { rows, summary } = await runInMemory({ pseudonymKeyArn }, linesOf(LATER_GENERATION))
    expect(summary.users).toBe(2)
    for (const { user } of rows) expect(user).toMatch(/^[\w-]{43}$/)
  })

  it('receives events without a time one after the other, so that equal ones count and clicks follow searches', async () => {
    const turn = [
      { type: 'Search', user: 'ann', query: 'dogs' },
      { type: 'ClickResult', user: 'ann', item: 'fido' },
    ]
    const { summary } = await runInMemory({}, linesOf([...turn, ...turn, ...turn]))
    expect(summary).toMatchObject({ accepted: 6, duplicates: 0, searches: 3, searchesWithClick: 3, clicks: 3 })
  })

  it('lets signals reach the process', async () => {
    const run = memoryRun({ settings: { batchSize: '1' } })
    let turns = 0
    const count = (): void => {
      turns++
      pending = setImmediate(count)
    }
    let pending = setImmediate(count)
    async function* lines(): AsyncGenerator<Buffer> {
      for (const line of linesOf([searchAt(0), searchAt(60), searchAt(120)])) yield Buffer.from(line)
    }
    await run.replay('log', lines(), () => {})
    clearImmediate(pending)
    expect(turns).toBeGreaterThanOrEqual(3)
  })

  it('puts a line over the size of a record into the dead letters', async () => {
    const long = JSON.stringify({ type: 'Search', user: 'u', query: 'x'.repeat(2_000_000) })
    const { summary } = await runInMemory({}, [long, '{', ...linesOf([searchAt(0)])])
    expect(summary).toMatchObject({ eventsIn: 3, accepted: 1, rejected: { 'not-json': 1, 'too-large': 1 } })
  })

  it('ingests in several batches what unpacks to more than one can hold', async () => {
    const padded = (n: number): string => JSON.stringify({ ...searchAt(n), note: 'x'.repeat(5_000_000) })
    const packed = Array.from({ length: 10 }, (_, n) => gzipSync(padded(n)))
    let batches = 0
    const counted = (step: string, ports: StepPorts): StepPorts => {
      if (step !== 'ingest') return ports
      const record: StepPorts['progress']['record'] = (...args) => {
        batches++
        return ports.progress.record(...args)
      }
      return { ...ports, progress: { ...ports.progress, record } }
    }
    const run = memoryRun({ settings: {}, portsOf: counted })
    await run.replay('packed', eachOf(packed), () => {})
    await run.drain()
    const { eventsIn, accepted, duplicates } = await run.summary()
    expect([eventsIn, accepted, duplicates, batches]).toEqual([10, 0, 0, 3])
  })

  it('shows how many events are through ingest', async () => {
    const run = memoryRun({ settings: { batchSize: '300' } })
    const progress: [number, number][] = []
    const log = linesOf(generateLog({ seed: 1, users: 40, days: 1, startMs: at(0) })).map((line) => Buffer.from(line))
    await run.replay('generated', eachOf(log), (done, sent) => progress.push([done, sent]))
    expect(progress.every(([done, sent], n) => done <= sent && done >= (progress[n - 1]?.[0] ?? 0))).toBe(true)
    expect(progress.at(-1)).toEqual([log.length, log.length])
  })

  it('gives a report the days, hours, queries and latest sessions of the range', async () => {
    const run = memoryRun({ settings: {} })
    const log = linesOf(generateLog({ seed: 1, users: 40, days: 3, startMs: Date.parse('2026-03-02T00:00:00Z') }))
    await run.replay('generated', eachOf(log.map((line) => Buffer.from(line))), () => {})
    await run.drain()
    const { days, hours, queries, explorer } = await readReport(run.reportReads, {
      pipeline: 'test',
      range: { from: '2026-03-02', to: '2026-03-03' },
      madeAtMs: at(0),
      hideUsers: false,
      segment: null,
      sessionsMax: 10,
      settings: [],
    })
    const summary = await run.summary()
    expect(days.map(({ day, searches }) => [day, searches])).toEqual(
      ['2026-03-02', '2026-03-03'].map((day) => [day, summary.days[day]?.searches]),
    )
    expect(hours.reduce((sum, hour) => sum + hour.searches, 0)).toBe(days.reduce((sum, day) => sum + day.searches, 0))
    expect(queries.totals.top.length).toBeGreaterThan(5)
    expect(explorer.sessions).toHaveLength(10)
  })
})

async function* eachOf<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}
