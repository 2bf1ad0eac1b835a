// Draws from the distributions that simulated users follow, from a seed.

import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export interface Draws {
  /** Draws a number between 0 and 1, both exclusive. */
  fraction(): number
  normal(): number
  /** Draws how many of so many tries succeed. */
  binomial(tries: number, probability: number): number
}

/** Above this many expected successes, the draw is normal and rounded. */
const COUNTED_SUCCESSES_MAX = 20

export function drawsOf(seed: number): Draws {
  const generator = xoroshiro128plus(seed)
  const fraction = (): number => ((generator.next() >>> 0) + 0.5) / 2 ** 32
  const normal = (): number => Math.sqrt(-2 * Math.log(fraction())) * Math.cos(2 * Math.PI * fraction())
  const binomial = (tries: number, probability: number): number => {
    if (probability > 0.5) return tries - binomial(tries, 1 - probability)
    const mean = tries * probability
    if (mean <= COUNTED_SUCCESSES_MAX) return counted(tries, probability, fraction())
    const drawn = Math.round(mean + Math.sqrt(mean * (1 - probability)) * normal())
    return Math.max(0, Math.min(tries, drawn))
  }
  return { fraction, normal, binomial }
}

/** Adds the probabilities of 0, 1, 2 and more successes, until they pass the fraction. */
function counted(tries: number, probability: number, fraction: number): number {
  const odds = probability / (1 - probability)
  let rest = fraction
  let ofCount = (1 - probability) ** tries
  let successes = 0
  while (rest > ofCount && successes < tries) {
    rest -= ofCount
    successes++
    ofCount *= (odds * (tries - successes + 1)) / successes
  }
  return successes
}
