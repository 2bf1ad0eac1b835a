// Computes probabilities and quantiles of Student's t and of chi-square.

import jstat from 'jstat'

/**
 * More degrees of freedom change no printed digit. The library's series would need more terms for
 * them than it adds.
 */
const DEGREES_MAX = 10_000

/** The probability of a t at least this far from 0, to either side. */
export function twoSidedP(t: number, degreesOfFreedom: number): number {
  return Math.min(1, 2 * jstat.studentt.cdf(-Math.abs(t), Math.min(degreesOfFreedom, DEGREES_MAX)))
}

/** @param probability that t is at most the returned value. */
export function tQuantile(probability: number, degreesOfFreedom: number): number {
  return jstat.studentt.inv(probability, Math.min(degreesOfFreedom, DEGREES_MAX))
}

/** The probability of a chi-square of at least this value. It is 0 below some 1e-16. */
export function chiSquareP(chiSquare: number, degreesOfFreedom: number): number {
  return Math.max(0, 1 - jstat.chisquare.cdf(chiSquare, degreesOfFreedom))
}
