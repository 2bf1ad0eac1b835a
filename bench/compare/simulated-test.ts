// Simulates one test of two variants, and compares them by search, by buckets and by user.

import { twoSidedP } from '../../compare/distributions.ts'
import { effectiveUsers, effectiveUsersOfBuckets } from '../../compare/effective-users.ts'
import { type Observations, sumOf } from '../../compare/observations.ts'
import { ratioDifference } from '../../compare/ratio-difference.ts'
import { BUCKETS } from '../../functions/domain/results/segments.ts'
import type { Draws } from './draws.ts'
import type { LogKind } from './log-kinds.ts'

export interface TestOutcome {
  /** The p of the usual test, which takes searches for independent. */
  readonly bySearch: number
  readonly byBuckets: Compared
  readonly byUser: Compared
}

export interface Compared {
  /** Where this is below 0.05, the interval does not hold 0. */
  readonly p: number
  /** Where this is below 0.05 as well, a difference is stated. */
  readonly pooledP: number
  /** Those of the variant that has fewer. A comparison with too few is refused. */
  readonly effectiveUsers: number
}

interface Drawn {
  readonly users: readonly [Observations, Observations]
  readonly buckets: readonly [Observations, Observations]
}

/**
 * @param users how many users the first variant has.
 * @param lift the rate of the second variant, over that of the first. 1 for equal variants.
 */
export function simulateTest(kind: LogKind, users: number, lift: number, draws: Draws): TestOutcome {
  const { users: byUser, buckets } = drawUsers(kind, users, lift, draws)
  return {
    bySearch: pBySearch(...buckets),
    byBuckets: compared(buckets, effectiveUsersOfBuckets),
    byUser: compared(byUser, effectiveUsers),
  }
}

function drawUsers(kind: LogKind, users: number, lift: number, draws: Draws): Drawn {
  const usersOfAll = users + Math.round(users * (kind.variantShare ?? 1))
  const drawn: Drawn = {
    users: [observations(usersOfAll), observations(usersOfAll)],
    buckets: [observations(BUCKETS), observations(BUCKETS)],
  }
  const add = (variant: 0 | 1, user: number, bucket: number, hits: number, searches: number): void => {
    for (const [of, unit] of [
      [drawn.users[variant], user],
      [drawn.buckets[variant], bucket],
    ] as const) {
      of.numerators[unit] = (of.numerators[unit] as number) + hits
      of.denominators[unit] = (of.denominators[unit] as number) + searches
    }
  }
  for (let user = 0; user < usersOfAll; user++) {
    const searches = kind.searches(draws)
    const bucket = Math.floor(draws.fraction() * BUCKETS)
    if (kind.isShared) {
      // The user has one rate, whatever the variant.
      const hits = kind.hits(draws, searches, 1)
      const searchesOfFirst = draws.binomial(searches, 0.5)
      const hitsOfFirst = drawHits(draws, hits, searches, searchesOfFirst)
      add(0, user, bucket, hitsOfFirst, searchesOfFirst)
      add(1, user, bucket, hits - hitsOfFirst, searches - searchesOfFirst)
    } else {
      const variant = user < users ? 0 : 1
      add(variant, user, bucket, kind.hits(draws, searches, variant === 0 ? 1 : lift), searches)
    }
  }
  if (kind.robotShare !== undefined) {
    const searches = Math.round(sumOf(drawn.buckets[0].denominators) * kind.robotShare)
    add(0, 0, 0, kind.hits(draws, searches, 1), searches)
  }
  return drawn
}

function observations(units: number): Observations {
  return { numerators: new Float64Array(units), denominators: new Float64Array(units) }
}

/** Draws how many of the hits fall among the drawn searches, without returning any. */
function drawHits(draws: Draws, hits: number, searches: number, drawn: number): number {
  let hitsLeft = hits
  for (let n = 0; n < drawn; n++) if (draws.fraction() * (searches - n) < hitsLeft) hitsLeft--
  return hits - hitsLeft
}

function compared(
  [first, second]: readonly [Observations, Observations],
  effective: (searches: Float64Array) => number,
): Compared {
  const { p, pooledP } = ratioDifference(first, second) ?? { p: 1, pooledP: 1 }
  return {
    p,
    pooledP,
    effectiveUsers: Math.min(effective(first.denominators), effective(second.denominators)),
  }
}

/** The usual z-test of two proportions. It takes clicks per search for those of a Poisson. */
function pBySearch(first: Observations, second: Observations): number {
  const [searchesA, searchesB] = [sumOf(first.denominators), sumOf(second.denominators)]
  const [hitsA, hitsB] = [sumOf(first.numerators), sumOf(second.numerators)]
  const rate = (hitsA + hitsB) / (searchesA + searchesB)
  const variance = (rate < 1 ? rate * (1 - rate) : rate) * (1 / searchesA + 1 / searchesB)
  return twoSidedP((hitsB / searchesB - hitsA / searchesA) / Math.sqrt(variance), Number.POSITIVE_INFINITY)
}
