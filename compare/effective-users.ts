// Computes how many equal users would make the traffic of users that search different amounts.

import { sumOf } from './observations.ts'

/** Returns the square of the sum, over the sum of the squares: 0 without searches. */
export function effectiveUsers(searchesOfUsers: Float64Array): number {
  let squares = 0
  for (const searches of searchesOfUsers) squares += searches ** 2
  return squares === 0 ? 0 : sumOf(searchesOfUsers) ** 2 / squares
}

/**
 * Estimates the same from buckets that users fall into at random. A bucket's square also holds the
 * products of its users, and two users share one of k buckets with a probability of 1/k. On average
 * the buckets' squares are the users' squares, and a k-th of all products. Without a k-th of the
 * square of the sum, (1 - 1/k) of the users' squares are left.
 *
 * @returns infinity where buckets are more alike than users at random make them.
 */
export function effectiveUsersOfBuckets(searchesOfBuckets: Float64Array): number {
  const share = 1 / searchesOfBuckets.length
  const ofBuckets = effectiveUsers(searchesOfBuckets)
  return ofBuckets === 0 ? 0 : (1 - share) / Math.max(0, 1 / ofBuckets - share)
}

/**
 * A comparison needs this many effective users of each variant. `bench:compare` measures it: below,
 * more than 6.5 % of comparisons of equal variants have an interval without 0.
 */
export const EFFECTIVE_USERS_MIN = 200
