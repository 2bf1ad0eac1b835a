// Tests the difference of two ratios against t-tests, of which it is one where all units are alike.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { twoSidedP } from '../../compare/distributions.ts'
import { type Observations, ratioOf } from '../../compare/observations.ts'
import { ratioDifference } from '../../compare/ratio-difference.ts'

type Unit = readonly [numerator: number, denominator: number]

function observations(units: readonly Unit[]): Observations {
  return {
    numerators: Float64Array.from(units, ([numerator]) => numerator),
    denominators: Float64Array.from(units, ([, denominator]) => denominator),
  }
}

const NOTHING: Unit = [0, 0]
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1)

const values = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 40 })
const units = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 50 }))
    .map(([y, x]) => [Math.min(y, x), x] as Unit),
  { minLength: 3, maxLength: 64 },
)

describe('the difference of two ratios', () => {
  it('is Welch’s t-test where each user has one variant and one search', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        fc.pre(variance(a) > 0 && variance(b) > 0)
        const first = observations([...a.map((y): Unit => [y, 1]), ...b.map(() => NOTHING)])
        const second = observations([...a.map(() => NOTHING), ...b.map((y): Unit => [y, 1])])
        const found = ratioDifference(first, second)
        const [va, vb] = [variance(a) / a.length, variance(b) / b.length]
        const degrees = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1))
        expect(found?.difference).toBeCloseTo(mean(b) - mean(a), 10)
        expect(found?.standardError).toBeCloseTo(Math.sqrt(va + vb), 10)
        expect(found?.degreesOfFreedom).toBeCloseTo(degrees, 8)
        expect(found?.p).toBeCloseTo(twoSidedP((mean(b) - mean(a)) / Math.sqrt(va + vb), degrees), 8)
        // The variance if users of both variants vary alike, weighted by their numbers.
        const pooled = (variance(a) * a.length + variance(b) * b.length) / (a.length + b.length)
        const pooledError = Math.sqrt(Math.max(va + vb, pooled / a.length + pooled / b.length))
        expect(found?.pooledP).toBeCloseTo(twoSidedP((mean(b) - mean(a)) / pooledError, degrees), 8)
        const smallerVariesLess = (a.length - b.length) * (variance(a) - variance(b)) > 0
        expect(pooledError > Math.sqrt(va + vb) + 1e-12).toBe(smallerVariesLess)
      }),
      { seed: 18 },
    )
  })

  it('is the paired t-test where every unit has both variants and one search of each', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 3, maxLength: 64 }), (pairs) => {
        const differences = pairs.map(([a, b]) => b - a)
        fc.pre(variance(differences) > 0)
        const found = ratioDifference(
          observations(pairs.map(([a]) => [a, 1])),
          observations(pairs.map(([, b]) => [b, 1])),
        )
        expect(found?.difference).toBeCloseTo(mean(differences), 10)
        expect(found?.standardError).toBeCloseTo(Math.sqrt(variance(differences) / pairs.length), 10)
        expect(found?.degreesOfFreedom).toBe(pairs.length - 1)
      }),
      { seed: 18 },
    )
  })

  it('has the variance of the delta method, written as variances and a covariance', () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        const n = Math.min(a.length, b.length)
        const [first, second] = [observations(a.slice(0, n)), observations(b.slice(0, n))]
        const found = ratioDifference(first, second)
        fc.pre(found !== null)
        // Deng, Knoblich and Lu: each ratio linearized at the means, both over the same units.
        const linear = ({ numerators, denominators }: Observations): number[] => {
          const [meanY, meanX] = [mean([...numerators]), mean([...denominators])]
          return [...numerators].map((y, unit) => y / meanX - (meanY / meanX ** 2) * (denominators[unit] as number))
        }
        const [la, lb] = [linear(first), linear(second)]
        const covariance =
          la.reduce((sum, value, unit) => sum + (value - mean(la)) * ((lb[unit] as number) - mean(lb)), 0) / (n - 1)
        const expected = (variance(la) + variance(lb) - 2 * covariance) / n
        expect((found?.standardError ?? 0) ** 2).toBeCloseTo(expected, 10)
      }),
      { seed: 18 },
    )
  })

  it('swaps its sign with the variants, and changes with neither the order of units nor empty ones', () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        const n = Math.min(a.length, b.length)
        const [first, second] = [a.slice(0, n), b.slice(0, n)]
        const found = ratioDifference(observations(first), observations(second))
        const swapped = ratioDifference(observations(second), observations(first))
        fc.pre(found !== null && swapped !== null)
        expect(swapped?.difference).toBeCloseTo(-(found?.difference ?? 0), 10)
        expect(swapped?.p).toBeCloseTo(found?.p ?? 0, 8)
        const turned = ratioDifference(
          observations([NOTHING, ...first.toReversed()]),
          observations([NOTHING, ...second.toReversed()]),
        )
        expect(turned?.standardError).toBeCloseTo(found?.standardError ?? 0, 10)
        expect(turned?.degreesOfFreedom).toBe(found?.degreesOfFreedom)
      }),
      { seed: 18 },
    )
  })

  it('has an interval without 0 exactly where p is below 0.05', () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        const n = Math.min(a.length, b.length)
        const found = ratioDifference(observations(a.slice(0, n)), observations(b.slice(0, n)))
        fc.pre(found !== null && Math.abs(found.p - 0.05) > 1e-6)
        const { low = 0, high = 0, p = 1, detectable = 0 } = found ?? {}
        expect(low > 0 || high < 0).toBe(p < 0.05)
        expect(detectable).toBeGreaterThan((high - low) / 2)
      }),
      { seed: 18 },
    )
  })

  it('is nothing without a search, with one unit, or where all units have one ratio', () => {
    const some = observations([
      [1, 2],
      [1, 3],
      [0, 2],
    ])
    expect(ratioDifference(some, observations([NOTHING, NOTHING, NOTHING]))).toBeNull()
    expect(ratioDifference(some, observations([[3, 5], NOTHING, NOTHING]))).toBeNull()
    const unclicked = observations([
      [0, 7],
      [0, 3],
      [0, 1],
    ])
    expect(ratioDifference(unclicked, unclicked)).toBeNull()
    const third = observations([
      [1, 3],
      [2, 6],
      [7, 21],
    ])
    expect(ratioDifference(third, third)).toBeNull()
  })

  it('has no ratio without a denominator', () => {
    expect(ratioOf(observations([NOTHING]))).toBeNull()
    expect(
      ratioOf(
        observations([
          [1, 3],
          [1, 1],
        ]),
      ),
    ).toBe(0.5)
  })
})
