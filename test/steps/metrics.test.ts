// Tests the metrics of the steps: they add up to what the tables hold, and logs name no user.

import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { logReport } from '../../functions/aws/runtime/report-log.ts'
import type { Metrics } from '../../functions/contract.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import type { SearchRow } from '../../functions/domain/results/result.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { finalizeMetrics } from '../../functions/finalize/finalize-report.ts'
import { ingest, ingestMetrics } from '../../functions/ingest/ingest.ts'
import type { StoredClosed } from '../../functions/memory/closed-by-user.ts'
import { VersionConflictError } from '../../functions/ports.ts'
import { sweepMetrics } from '../../functions/sweep/sweep.ts'
import { at, ORIGIN_MS, RULES, record } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { randomSends, SEED } from '../support/random-log.ts'

const rules: Rules = { ...RULES, gapMs: 10 * SECOND_MS, latenessMs: 2 * SECOND_MS, maxSessionEvents: 5 }

function live({ sessions }: MemoryPipeline): StoredClosed[] {
  return [...sessions.closed.values()].filter(({ closed }) => closed !== null)
}

function total(emitted: readonly Metrics[], name: keyof Metrics): number {
  return emitted.reduce((sum, metrics) => sum + (metrics[name] ?? 0), 0)
}

describe('the metrics of finalize', () => {
  it('emits counts that add up to the rows, with amended and merged sessions', async () => {
    await fc.assert(
      fc.asyncProperty(randomSends, fc.integer({ min: 1, max: 5 }), async (sends, sweepEvery) => {
        const pipeline = memoryPipeline(rules)
        const emitted: Metrics[] = []
        for (const [n, fields] of sends.entries()) {
          await pipeline.ingest([record(fields, at(300 + n))], at(300 + n))
          if (n % sweepEvery === 0) await pipeline.sweep(at(300 + n + 100))
          emitted.push(finalizeMetrics(await pipeline.finalizeAll()))
        }
        await pipeline.sweep(at(100_000), true)
        emitted.push(finalizeMetrics(await pipeline.finalizeAll()))
        const rows = [...pipeline.results.rows.values()].filter((row): row is SearchRow => row.kind === 'search')
        expect(total(emitted, 'Searches')).toBe(rows.length)
        expect(total(emitted, 'SearchesWithClick')).toBe(rows.filter((row) => row.clicked === 1).length)
        expect(total(emitted, 'ZeroResultSearches')).toBe(rows.filter((row) => row.zero_results === 1).length)
        const having = (satisfaction: string): number => rows.filter((row) => row.satisfaction === satisfaction).length
        expect(total(emitted, 'SearchesSatisfied')).toBe(having('satisfied'))
        expect(total(emitted, 'SearchesOfUnknownSatisfaction')).toBe(having('unknown'))
        expect(total(emitted, 'SearchesReformulated')).toBe(rows.filter((row) => row.reformulated === 1).length)
        expect(total(emitted, 'SessionsClosed')).toBeGreaterThanOrEqual(live(pipeline).length)
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('counts a session that closes again as amended, and not as closed', async () => {
    const pipeline = memoryPipeline({ ...rules, amendForMs: DAY_MS })
    const search = { user: 'ann', type: 'Search', query: 'dogs', time: at(0), eventId: 'a' }
    await pipeline.ingest([record(search, at(0))], at(0))
    await pipeline.sweep(at(60))
    expect(finalizeMetrics(await pipeline.finalizeAll())).toMatchObject({
      SessionsClosed: 1,
      ClosedByGap: 1,
      Searches: 1,
    })
    const click = { user: 'ann', type: 'ClickResult', item: 'rover', time: at(5), eventId: 'b' }
    await pipeline.ingest([record(click, at(70))], at(70))
    await pipeline.sweep(at(200))
    expect(finalizeMetrics(await pipeline.finalizeAll())).toMatchObject({
      SessionsClosed: 0,
      SessionsAmended: 1,
      Searches: 0,
      SearchesWithClick: 1,
    })
  })
})

describe('the log line', () => {
  it('logs no user, no query and no item', async () => {
    const lines: string[] = []
    const printed = (line: unknown): void => {
      lines.push(String(line))
    }
    const spies = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error')].map((spy) => spy.mockImplementation(printed))
    const pipeline = memoryPipeline({ ...rules, amendForMs: MINUTE_MS })
    const user = 'a-secret-user'
    const sent = [
      { type: 'Search', user, query: 'a-secret-query', time: at(0), eventId: 'a-secret-id' },
      { type: 'ClickResult', user, item: 'a-secret-item', time: at(1) },
      { type: 'Search', user, time: at(2), note: 'a-secret-note' },
      { type: 'AppOpen', user, time: at(900_000), eventId: 'a-secret-future' },
      { type: 'AppOpen', user, time: at(-900), eventId: 'a-secret-past' },
    ]
    const records = [...sent.map((one) => record(one, at(3))), record(`{"user":"${user}"`, at(3))]
    const failing = { ...pipeline.ports.sessions, saveUser: () => Promise.reject(new VersionConflictError(user, 7)) }
    const reports = [
      await ingest(records, { ...pipeline.ports, sessions: failing }, rules, at(3)),
      await pipeline.ingest(records, at(3)),
      await pipeline.sweep(at(100_000), true),
      await pipeline.finalizeAll(),
    ]
    for (const report of reports) logReport('any', 'clicks', report, {}, at(4))
    for (const spy of spies) spy.mockRestore()
    expect(lines).toHaveLength(4)
    expect(lines.join()).toContain('VersionConflictError')
    expect(lines.join()).not.toContain('secret')
  })
})

describe('the metrics of ingest', () => {
  it('counts late events apart from rejected ones', async () => {
    const pipeline = memoryPipeline({ ...rules, amendForMs: MINUTE_MS })
    const good = { user: 'ann', type: 'AppOpen', time: at(1000), eventId: 'a' }
    const tooLate = { user: 'ann', type: 'AppOpen', time: at(0), eventId: 'b' }
    const report = await pipeline.ingest(
      [record(good, at(1000)), record(tooLate, at(1001)), record('{', at(1002))],
      at(1002),
    )
    expect(ingestMetrics(report)).toEqual({
      Accepted: 1,
      Duplicates: 0,
      Rejected: 1,
      TimeImplausible: 0,
      IdReused: 0,
      NearMisses: 0,
      Late: 1,
      Unreadable: 0,
      Conflicts: 0,
      IngestFailures: 0,
    })
  })

  it('counts times that cannot be and ids of other events by themselves, and among the rejected', async () => {
    const pipeline = memoryPipeline(rules)
    const sent = (fields: object) => record({ user: 'ann', type: 'Search', eventId: 'a', ...fields }, at(0))
    const report = await pipeline.ingest(
      [sent({ query: 'dogs' }), sent({ query: 'cats' }), sent({ query: 'dogs', time: at(0) / 1000 })],
      at(1),
    )
    expect(ingestMetrics(report)).toMatchObject({ Accepted: 1, Rejected: 2, TimeImplausible: 1, IdReused: 1 })
  })
})

describe('the metrics of a sweep', () => {
  it('emits how far the horizon trails the time of day, unless it drains', async () => {
    const pipeline = memoryPipeline(rules, (nowMs) => nowMs - 7 * MINUTE_MS)
    expect(sweepMetrics(await pipeline.sweep(ORIGIN_MS + MINUTE_MS), false)).toMatchObject({
      HorizonLag: 7 * MINUTE_MS,
    })
    expect(sweepMetrics(await pipeline.sweep(ORIGIN_MS + MINUTE_MS, true), true)).not.toHaveProperty('HorizonLag')
  })

  it('emits the number of users with an open session once an hour', async () => {
    const pipeline = memoryPipeline(rules)
    for (const user of ['ann', 'bob']) {
      await pipeline.ingest([record({ user, type: 'AppOpen', time: ORIGIN_MS, eventId: user }, ORIGIN_MS)], ORIGIN_MS)
    }
    const emitted: unknown[] = []
    for (let nowMs = ORIGIN_MS; nowMs < ORIGIN_MS + 2 * HOUR_MS; nowMs += MINUTE_MS) {
      emitted.push(sweepMetrics(await pipeline.sweep(nowMs), false).UsersOpen)
    }
    expect(emitted.filter((users) => users !== undefined)).toEqual([2, 0])
  })
})
