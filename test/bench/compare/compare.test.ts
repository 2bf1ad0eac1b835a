// Tests a small seeded run of the bench of comparisons, and that the page shows the committed one.
// UPDATE_DOCS=1 writes the page.

import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CompareReport, type FoundShares, measureCompare } from '../../../bench/compare/compare.ts'
import { compareText } from '../../../bench/compare/compare-text.ts'
import { drawsOf } from '../../../bench/compare/draws.ts'
import { KINDS, TRAPS } from '../../../bench/compare/log-kinds.ts'
import { EFFECTIVE_USERS_MIN } from '../../../compare/effective-users.ts'

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

const PAGE = new URL('../../../docs/metrics.md', import.meta.url)

/** The issue of comparisons allows so many false alarms. */
const FALSE_ALARMS_MAX = 0.065

const byName = (shares: readonly FoundShares[], name: string): FoundShares =>
  shares.find(({ kind }) => kind === name) as FoundShares

describe('the committed run of the bench', () => {
  const committed = JSON.parse(read('bench/compare/compare.json')) as CompareReport

  it('has 2,000 tests of each of four kinds of logs, with 10,000 users a variant', () => {
    expect(committed.equal.map(({ kind, users, tests }) => [kind, users, tests])).toEqual(
      KINDS.map(({ name }) => [name, 10_000, 2000]),
    )
  })

  it('has few false alarms in each kind, by buckets and by user', () => {
    for (const { kind, byBuckets, byUser } of [...committed.equal, ...committed.few, ...committed.traps]) {
      expect(byBuckets.found ?? 0, kind).toBeLessThanOrEqual(FALSE_ALARMS_MAX)
      expect(byUser.found ?? 0, kind).toBeLessThanOrEqual(FALSE_ALARMS_MAX)
    }
  })

  it('speaks of all kinds with 10,000 users, and of no very heavy log with 1,000', () => {
    for (const { kind, byBuckets, byUser } of committed.equal) {
      expect(byBuckets.found, kind).not.toBeNull()
      expect(byUser.found, kind).not.toBeNull()
    }
    expect(byName(committed.few, 'very heavy').byBuckets.refused).toBeGreaterThan(0.99)
  })

  it('has more intervals without 0 below the least number of effective users than it may', () => {
    const worst = (isEnough: boolean): number =>
      Math.max(
        ...committed.byUsers
          .filter(({ from }) => from >= EFFECTIVE_USERS_MIN === isEnough)
          .flatMap(({ byBuckets, byUser }) => [byBuckets.found ?? 0, byUser.found ?? 0]),
      )
    expect(worst(false)).toBeGreaterThan(FALSE_ALARMS_MAX)
    expect(worst(true)).toBeLessThanOrEqual(FALSE_ALARMS_MAX)
  })

  it('speaks of every uneven log of ordinary users and of robots', () => {
    const uneven = committed.traps.filter(({ kind }) => kind.includes('%'))
    expect(uneven).toHaveLength(6)
    for (const { kind, byBuckets } of uneven) expect(byBuckets.refused, kind).toBeLessThan(0.02)
  })

  it('finds a split of 52:48 of 20,000 users', () => {
    expect(committed.split.users).toBe(20_000)
    expect(committed.split.foundAt52).toBeGreaterThan(0.97)
    expect(committed.split.calledWrong).toBeLessThan(0.005)
  })

  it('is what the page of metrics shows', () => {
    const page = read('docs/metrics.md')
    const shown = /(?<=<!-- bench:compare -->\n\n).*?(?=\n\n<!-- end -->)/s
    expect(page).toMatch(shown)
    const written = page.replace(shown, () => compareText(committed))
    if (process.env.UPDATE_DOCS !== undefined) writeFileSync(PAGE, written)
    else expect(page).toBe(written)
  })
})

describe('a small run of the bench', () => {
  const size = { seed: 3, tests: 300, users: 2500, usersFew: 400 }

  it('has the false alarms and refusals of the whole one', async () => {
    const steps: string[] = []
    const { equal, few, traps, tenth, split } = await measureCompare((step) => steps.push(step), size)
    expect(steps).toHaveLength(3 * KINDS.length + TRAPS.length + 3)
    // 300 tests of 5 % spread by 1.3 %.
    for (const { kind, byBuckets, byUser } of [...equal, ...few, ...traps]) {
      expect(byBuckets.found ?? 0, kind).toBeLessThan(0.1)
      expect(byUser.found ?? 0, kind).toBeLessThan(0.1)
    }
    expect(byName(equal, 'heavy').bySearch).toBeGreaterThan(0.3)
    expect(byName(equal, 'heavy').byBuckets.found).not.toBeNull()
    expect(byName(few, 'very heavy')).toMatchObject({ byBuckets: { refused: 1 }, byUser: { refused: 1 } })
    expect(byName(traps, 'one robot')).toMatchObject({ byBuckets: { refused: 1 }, byUser: { refused: 1 } })
    expect(tenth.map(({ tests }) => tests)).toEqual([75, 75, 75, 75])
    expect(split.foundAt52).toBeGreaterThan(0.95)
  })

  it('repeats itself for the same seed', async () => {
    const tiny = { seed: 4, tests: 8, users: 300, usersFew: 50 }
    expect(await measureCompare(() => {}, tiny)).toEqual(await measureCompare(() => {}, tiny))
  })
})

describe('the draws of the bench', () => {
  it.each([
    [10, 0.3],
    [400, 0.02],
    [3000, 0.4],
    [50, 0.9],
  ])('have the mean and variance of a binomial with %i tries and a probability of %f', (tries, probability) => {
    const draws = drawsOf(7)
    const drawn = Array.from({ length: 20_000 }, () => draws.binomial(tries, probability))
    const mean = drawn.reduce((sum, count) => sum + count, 0) / drawn.length
    const variance = drawn.reduce((sum, count) => sum + (count - mean) ** 2, 0) / drawn.length
    const [expectedMean, expectedVariance] = [tries * probability, tries * probability * (1 - probability)]
    expect(Math.abs(mean / expectedMean - 1)).toBeLessThan(0.02)
    expect(Math.abs(variance / expectedVariance - 1)).toBeLessThan(0.05)
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...drawn)).toBeLessThanOrEqual(tries)
  })
})
