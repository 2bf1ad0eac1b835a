// Draws random numbers from a seed, always the same ones for the same seed.

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export interface Random {
  /** Draws a number from 0 (inclusive) to 1 (exclusive). */
  fraction(): number
  /** Draws true with this probability. A probability of 0 takes no draw. */
  happens(probability: number): boolean
  /** Draws a whole number from `min` to `max`, both inclusive. */
  between(min: number, max: number): number
  oneOf<T>(choices: readonly T[]): T
  /** Returns a source of its own, so that draws for one purpose do not change those for another. */
  fork(): Random
}

export function randomOf(seed: number): Random {
  const generator = xoroshiro128plus(scattered(seed))
  const fraction = (): number => uniformFloat64(generator)
  const between = (min: number, max: number): number => min + Math.floor(fraction() * (max - min + 1))
  return {
    fraction,
    happens: (probability) => probability > 0 && fraction() < probability,
    between,
    oneOf: (choices) => choices[between(0, choices.length - 1)] as (typeof choices)[number],
    fork: () => randomOf(between(0, 2 ** 31 - 1)),
  }
}

/** Mixes the bits of the seed, because the generator's first draws are alike for adjacent seeds. */
function scattered(seed: number): number {
  const once = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}
