// Tests the distributions against integrals of their densities.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chiSquareP, tQuantile, twoSidedP } from '../../compare/distributions.ts'

const STEPS = 20_000

function integral(f: (at: number) => number, from: number, to: number): number {
  const width = (to - from) / STEPS
  let sum = 0
  for (let step = 0; step < STEPS; step++) sum += f(from + (step + 0.5) * width)
  return sum * width
}

/** With t = sqrt(v) * tan(u), the density of t becomes a power of cos(u). */
function twoSidedIntegral(t: number, degrees: number): number {
  const density = (u: number): number => Math.cos(u) ** (degrees - 1)
  const from = Math.atan(Math.abs(t) / Math.sqrt(degrees))
  return integral(density, from, Math.PI / 2) / integral(density, 0, Math.PI / 2)
}

/** With chi-square = s * s, the density has no pole at 0. */
function chiSquareIntegral(chiSquare: number, degrees: number): number {
  const density = (s: number): number => s ** (degrees - 1) * Math.exp((-s * s) / 2)
  return integral(density, Math.sqrt(chiSquare), 60) / integral(density, 0, 60)
}

describe('the distributions', () => {
  it('compute the two-sided p of Student’s t down to 1e-30', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 12, noNaN: true }), fc.integer({ min: 2, max: 2000 }), (t, degrees) => {
        const expected = twoSidedIntegral(t, degrees)
        expect(Math.abs(twoSidedP(t, degrees) / expected - 1)).toBeLessThan(1e-4)
        expect(twoSidedP(-t, degrees)).toBe(twoSidedP(t, degrees))
      }),
      { seed: 18, numRuns: 50 },
    )
  })

  it('give the tabled quantiles of Student’s t', () => {
    expect(tQuantile(0.975, 63)).toBeCloseTo(1.99834, 4)
    expect(tQuantile(0.8, 63)).toBeCloseTo(0.84736, 4)
    expect(tQuantile(0.975, 5)).toBeCloseTo(2.57058, 4)
  })

  it('stay close to the normal distribution with millions of degrees of freedom', () => {
    expect(tQuantile(0.975, 5_000_000)).toBeCloseTo(1.96, 3)
    expect(twoSidedP(1.959964, 5_000_000)).toBeCloseTo(0.05, 4)
    expect(twoSidedP(1.959964, Number.POSITIVE_INFINITY)).toBeCloseTo(0.05, 4)
  })

  it('invert each other', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.51, max: 0.9999, noNaN: true }),
        fc.integer({ min: 2, max: 500 }),
        (q, degrees) => {
          expect(twoSidedP(tQuantile(q, degrees), degrees)).toBeCloseTo(2 * (1 - q), 5)
        },
      ),
      { seed: 18, numRuns: 50 },
    )
  })

  it('compute the p of chi-square', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 40, noNaN: true }), fc.integer({ min: 1, max: 10 }), (value, degrees) => {
        expect(chiSquareP(value, degrees)).toBeCloseTo(chiSquareIntegral(value, degrees), 5)
      }),
      { seed: 18, numRuns: 50 },
    )
    expect(chiSquareP(10_000, 1)).toBe(0)
  })
})
