// Tests the findings of a comparison: what it states of each variant, and where it states nothing.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ComparedInput, compareVariants, holm } from '../../compare/comparison.ts'
import { EFFECTIVE_USERS_MIN } from '../../compare/effective-users.ts'

/** A variant of 64 buckets with 100 searches each, whose hits vary around the rate. */
function variant(name: string, rate: number, effectiveUsers = 5000): ComparedInput {
  const numerators = Float64Array.from({ length: 64 }, (_, n) => rate * 100 + ((n * 7) % 5) - 2)
  return {
    name,
    searches: 6400,
    observations: { numerators, denominators: new Float64Array(64).fill(100) },
    effectiveUsers,
  }
}

/** The same buckets in another order, so that two variants do not vary together. */
function turned(input: ComparedInput): ComparedInput {
  const { numerators, denominators } = input.observations
  return { ...input, observations: { numerators: numerators.toReversed(), denominators } }
}

describe('a comparison', () => {
  it('finds a variant higher or lower than the baseline, and none where nothing is found', () => {
    const { baseline, contrasts } = compareVariants(
      [variant('a', 0.3), turned(variant('b', 0.35)), turned(variant('c', 0.25)), turned(variant('d', 0.3))],
      'a',
    )
    expect(baseline.name).toBe('a')
    expect(contrasts.map(({ name, finding }) => [name, finding])).toEqual([
      ['b', 'higher'],
      ['c', 'lower'],
      ['d', 'none-found'],
    ])
  })

  it('states nothing where a variant or the baseline has too few effective users', () => {
    const few = EFFECTIVE_USERS_MIN - 1
    const ofVariant = compareVariants([variant('a', 0.3), turned(variant('b', 0.5, few))], 'a').contrasts[0]
    const ofBaseline = compareVariants([variant('a', 0.3, few), turned(variant('b', 0.5))], 'a').contrasts[0]
    for (const contrast of [ofVariant, ofBaseline]) {
      expect(contrast).toMatchObject({ finding: 'too-few-users', difference: null, adjustedP: null })
      expect(contrast?.ratio).toBeCloseTo(0.5, 1)
    }
  })

  it('states no difference that only the variance of a small side shows', () => {
    const withRobot = (input: ComparedInput): ComparedInput => {
      const { observations } = input
      const numerators = observations.numerators.map((hits, n) => (n === 7 ? hits + 500 : hits))
      return { ...input, observations: { ...observations, numerators } }
    }
    const tenth = (input: ComparedInput): ComparedInput => ({
      ...input,
      searches: input.searches / 10,
      observations: {
        numerators: input.observations.numerators.map((hits) => hits / 10),
        denominators: input.observations.denominators.map((searches) => searches / 10),
      },
    })
    const finding = (baseline: ComparedInput, variant: ComparedInput) =>
      compareVariants([baseline, variant], baseline.name).contrasts[0]
    const robots = withRobot(variant('a', 0.3))
    const few = tenth(turned(variant('b', 0.1)))
    const uneven = finding(robots, few)
    expect(uneven?.adjustedP).toBeLessThan(0.05)
    expect(uneven).toMatchObject({ finding: 'too-uneven', difference: { difference: expect.any(Number) } })
    // As many searches of the same users show it.
    expect(finding(robots, turned(variant('b', 0.1)))?.finding).toBe('lower')
    expect(finding(variant('a', 0.3), few)?.finding).toBe('lower')
    // A small side whose users vary more needs no such care.
    expect(finding(variant('a', 0.1), tenth(withRobot(turned(variant('b', 0.9)))))?.finding).toBe('higher')
  })

  it('has the same p both ways for sides of equal size', () => {
    const [b] = compareVariants([variant('a', 0.3), turned(variant('b', 0.302))], 'a').contrasts
    expect(b?.difference?.pooledP).toBe(b?.difference?.p)
    expect(b?.adjustedPooledP).toBe(b?.adjustedP)
  })

  it('states nothing where no bucket has a hit', () => {
    const none = (name: string): ComparedInput => {
      const { observations, ...rest } = variant(name, 0)
      return { ...rest, observations: { ...observations, numerators: new Float64Array(64) } }
    }
    expect(compareVariants([none('a'), none('b')], 'a').contrasts[0]).toMatchObject({
      finding: 'no-variation',
      difference: null,
      ratio: 0,
    })
  })

  it('adjusts only the comparisons that it makes', () => {
    const [b, c] = compareVariants(
      [variant('a', 0.3), turned(variant('b', 0.302)), variant('c', 0.3, 3)],
      'a',
    ).contrasts
    expect(b?.adjustedP).toBe(b?.difference?.p)
    expect(c?.adjustedP).toBeNull()
  })
})

describe('Holm’s method', () => {
  it('adjusts a known example', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02])
    expect(holm([0.04])).toEqual([0.04])
    expect(holm([])).toEqual([])
  })

  it('lies between each p and that of Bonferroni, and preserves the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), (ps) => {
        const adjusted = holm(ps)
        for (const [n, p] of ps.entries()) {
          expect(adjusted[n]).toBeGreaterThanOrEqual(p)
          expect(adjusted[n]).toBeLessThanOrEqual(Math.min(1, p * ps.length) + 1e-12)
          for (const [m, q] of ps.entries()) if (p < q) expect(adjusted[n]).toBeLessThanOrEqual(adjusted[m] as number)
        }
      }),
      { seed: 18 },
    )
  })
})
