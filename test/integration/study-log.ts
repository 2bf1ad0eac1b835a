// Provides the study log with its known results to tests of the deployed functions.

import { readFileSync } from 'node:fs'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect } from 'vitest'
import { SEED } from '../support/random-log.ts'
import { sharedPath } from '../support/shared.ts'
import type { Rollups } from './on-emulators.ts'

export const logPath = sharedPath('data/lisp/events.ndjson')
const expectedPath = sharedPath('data/lisp/expected.json')
export const lines = logPath === null ? [] : readFileSync(logPath, 'utf8').split('\n').filter(Boolean)
export const expected: Record<string, unknown> =
  expectedPath === null ? {} : JSON.parse(readFileSync(expectedPath, 'utf8'))

/** Compares the days with those of the known summary. The hours must add up to the same. */
export function expectRollups({ hours, days }: Rollups): void {
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

export function total(rollups: Rollups['hours'] | Rollups['days']): Record<string, number> {
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

/** Repeats every fifth line and shuffles all of them. */
export function shuffledWithRepeats(): string[] {
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
