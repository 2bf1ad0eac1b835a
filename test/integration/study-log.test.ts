// A real study log through the deployed functions gives the known results, in whatever order and batches it comes.

import { readFileSync } from 'node:fs'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { SEED } from '../support/random-log.ts'
import { sharedPath } from '../support/shared.ts'
import { onLocalRun, type Rollups, rollupsOf, runLocally, toBuffers } from './on-emulators.ts'

const logPath = sharedPath('data/lisp/events.ndjson')
const expectedPath = sharedPath('data/lisp/expected.json')
const lines = logPath === null ? [] : readFileSync(logPath, 'utf8').split('\n').filter(Boolean)
const expected: Record<string, unknown> = expectedPath === null ? {} : JSON.parse(readFileSync(expectedPath, 'utf8'))

/** What the known summary says of days, as rollups say it; hours add up to the same. */
function expectRollups({ hours, days }: Rollups): void {
  expect(total(days)).toEqual({
    searches: expected.searches,
    searches_with_click: expected.searchesWithClick,
    clicks: expected.clicks,
    orphan_clicks: expected.orphanClicks,
    zero_result_searches: expected.zeroResultSearches,
    sessions: expected.sessionsWithSearch,
    sessions_with_click: expected.sessionsWithClick,
  })
  expect(total(hours)).toEqual(total(days))
  const byDay = days.map(({ day, searches, searches_with_click, clicks, zero_result_searches, ctr }) => [
    day,
    { searches, searchesWithClick: searches_with_click, clicks, zeroResultSearches: zero_result_searches, ctr },
  ])
  expect(Object.fromEntries(byDay)).toEqual(expected.days)
}

function total(rollups: Rollups['hours'] | Rollups['days']): Record<string, number> {
  const names = [
    'searches',
    'searches_with_click',
    'clicks',
    'orphan_clicks',
    'zero_result_searches',
    'sessions',
    'sessions_with_click',
  ] as const
  return Object.fromEntries(names.map((name) => [name, rollups.reduce((sum, rollup) => sum + rollup[name], 0)]))
}

/** Every fifth line comes again, and all in a random order. */
function shuffledWithRepeats(): string[] {
  const generator = xoroshiro128plus(SEED)
  const sent = [...lines, ...lines.filter((_, n) => n % 5 === 0)]
  for (let last = sent.length - 1; last > 0; last--) {
    const other = uniformInt(generator, 0, last)
    const moved = sent[last] as string
    sent[last] = sent[other] as string
    sent[other] = moved
  }
  return sent
}

describe.skipIf(logPath === null)(`the study log (order by seed ${SEED})`, () => {
  it('gives the known summary', async () => {
    const { summary, rollups } = await runLocally({}, lines)
    expect(summary).toMatchObject(expected)
    expect(summary.rejected).toEqual({})
    expectRollups(rollups)
  })

  it('gives the known summary while a fifth of all calls and invocations come to grief', async () => {
    const { summary, rollups } = await runLocally({ batchSize: '50' }, lines, 0.2)
    expect(summary).toMatchObject(expected)
    expectRollups(rollups)
  })

  it('gives the known sums after every session was published with half of its events and amended', async () => {
    await onLocalRun({}, async (run) => {
      const half = (rest: number): string[] => lines.filter((_, n) => n % 2 === rest)
      await run.play('first', toBuffers(half(0)), () => {})
      await run.drain()
      expect(total((await rollupsOf(run)).days).searches).toBeLessThan(expected.searches as number)
      await run.play('second', toBuffers(half(1)), () => {})
      await run.drain()
      expectRollups(await rollupsOf(run))
    })
  })

  it.each(['1', '7', '500'])('gives it shuffled, with repeated lines, in batches of %s', async (batchSize) => {
    const sent = shuffledWithRepeats()
    const { summary } = await runLocally({ batchSize }, sent)
    const repeats = sent.length - lines.length
    expect(summary).toMatchObject({ ...expected, eventsIn: sent.length, duplicates: repeats, accepted: lines.length })
  })
})
