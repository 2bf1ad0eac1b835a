// Compares two ratios of sums by the delta method over units of users (M5).

import { tQuantile, twoSidedP } from './distributions.ts'
import { type Observations, sumOf } from './observations.ts'

export interface RatioDifference {
  /** The ratio of the variant less that of the baseline. */
  readonly difference: number
  readonly standardError: number
  readonly degreesOfFreedom: number
  /** The ends of the 95 % interval of the difference. */
  readonly low: number
  readonly high: number
  /** How often equal variants would show a difference of this size or more. */
  readonly p: number
  /**
   * As p, with a variance of at least that of users who vary alike in both variants. So it is never
   * less than p, and it is p for sides of equal size.
   */
  readonly pooledP: number
  /** The smallest true difference that this traffic shows at p < 0.05 with a power of 80 %. */
  readonly detectable: number
}

const LEVEL = 0.05
const POWER = 0.8

/**
 * Returns null where a ratio lacks a denominator, and where units do not vary, since they then show
 * nothing of how far a ratio may be off.
 *
 * A unit adds the residual of each ratio: numerator - ratio * denominator, over the sum of the
 * denominators. A unit that both variants have adds the difference of its residuals, so that what
 * moves both together counts once.
 */
export function ratioDifference(baseline: Observations, variant: Observations): RatioDifference | null {
  const [a, b] = [residuals(baseline), residuals(variant)]
  if (a === null || b === null || a.units < 2 || b.units < 2) return null
  let variance = 0
  let varianceA = 0
  let varianceB = 0
  let shared = 0
  for (let unit = 0; unit < baseline.denominators.length; unit++) {
    const ofA = a.residual(unit)
    const ofB = b.residual(unit)
    if ((baseline.denominators[unit] as number) > 0 && (variant.denominators[unit] as number) > 0) shared++
    variance += (ofB - ofA) ** 2
    varianceA += ofA ** 2
    varianceB += ofB ** 2
  }
  const standardError = Math.sqrt(variance)
  // Sums of doubles leave a rest where every unit has the same ratio.
  if (standardError <= ROUNDING * (Math.abs(a.ratio) + Math.abs(b.ratio))) return null
  const degreesOfFreedom = shared > 0 ? Math.min(a.units, b.units) - 1 : welch(varianceA, a.units, varianceB, b.units)
  const difference = b.ratio - a.ratio
  const missing = pooledVariance(varianceA, a.total, varianceB, b.total) - varianceA - varianceB
  const quantile = tQuantile(1 - LEVEL / 2, degreesOfFreedom)
  return {
    difference,
    standardError,
    degreesOfFreedom,
    low: difference - quantile * standardError,
    high: difference + quantile * standardError,
    p: twoSidedP(difference / standardError, degreesOfFreedom),
    pooledP: twoSidedP(difference / Math.sqrt(variance + Math.max(0, missing)), degreesOfFreedom),
    detectable: (quantile + tQuantile(POWER, degreesOfFreedom)) * standardError,
  }
}

const ROUNDING = 1e-12

/**
 * Returns the variance of the difference if users of both variants vary alike, as they do in equal
 * variants. A small side may lack a rare kind of user that decides the ratio of the large one. Its
 * own variance then lacks them too, so the small side seems surer than it is. Sides of equal size
 * have the sum of their own variances.
 *
 * Both sums of squared residuals together, over both denominators, are what a denominator of 1 adds
 * to the variance of a sum. Over X, that adds 1 / X of it to the variance of a ratio.
 */
function pooledVariance(varianceA: number, totalA: number, varianceB: number, totalB: number): number {
  const ofOne = (varianceA * totalA ** 2 + varianceB * totalB ** 2) / (totalA + totalB)
  return ofOne / totalA + ofOne / totalB
}

interface Residuals {
  readonly ratio: number
  /** The sum of the denominators. */
  readonly total: number
  /** How many units have a denominator. */
  readonly units: number
  residual(unit: number): number
}

function residuals({ numerators, denominators }: Observations): Residuals | null {
  const total = sumOf(denominators)
  if (total === 0) return null
  const ratio = sumOf(numerators) / total
  let units = 0
  for (const denominator of denominators) if (denominator > 0) units++
  // The variance of n units has n - 1 degrees of freedom.
  const scale = Math.sqrt(units / Math.max(1, units - 1)) / total
  return {
    ratio,
    total,
    units,
    residual: (unit) => scale * ((numerators[unit] as number) - ratio * (denominators[unit] as number)),
  }
}

/** The degrees of freedom of two variances that share no unit, by Welch and Satterthwaite. */
function welch(varianceA: number, unitsA: number, varianceB: number, unitsB: number): number {
  return (varianceA + varianceB) ** 2 / (varianceA ** 2 / (unitsA - 1) + varianceB ** 2 / (unitsB - 1))
}
