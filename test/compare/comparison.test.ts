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
