// Defines the numerators and denominators of a variant, and sums them.

/**
 * The numerators and denominators of one variant, by unit. A unit is a bucket of users, or one
 * user. A unit has the same index in each variant, and is 0 where it has nothing.
 */
export interface Observations {
  readonly numerators: Float64Array
  readonly denominators: Float64Array
}

/** Returns the ratio of the sums. Null without a denominator. */
export function ratioOf({ numerators, denominators }: Observations): number | null {
  const denominator = sumOf(denominators)
  return denominator === 0 ? null : sumOf(numerators) / denominator
}

export function sumOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}
