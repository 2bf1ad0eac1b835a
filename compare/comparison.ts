// Compares each variant with the baseline, and finds what may be stated of each (M5).

import { EFFECTIVE_USERS_MIN } from './effective-users.ts'
import { type Observations, ratioOf } from './observations.ts'
import { type RatioDifference, ratioDifference } from './ratio-difference.ts'

export interface ComparedInput {
  readonly name: string
  readonly searches: number
  readonly observations: Observations
  readonly effectiveUsers: number
}

/**
 * States how a variant compares with the baseline. `too-few-users`: one of both has fewer effective
 * users than a comparison needs. `too-uneven`: only the own variance of a smaller side makes p
 * small. `no-variation`: the units of users do not vary, as where no search at all has a click.
 */
export type Finding = 'higher' | 'lower' | 'none-found' | 'too-few-users' | 'too-uneven' | 'no-variation'

export interface ComparedVariant {
  readonly name: string
  readonly searches: number
  /** Null without a denominator. */
  readonly ratio: number | null
  readonly effectiveUsers: number
}

export interface Contrast extends ComparedVariant {
  readonly finding: Finding
  /** Null where nothing may be stated, so that no reader takes it for more. */
  readonly difference: RatioDifference | null
  /** The p of the difference, adjusted to the number of contrasts by Holm's method. */
  readonly adjustedP: number | null
  /** The same of `pooledP`. A difference is stated only where this is below 0.05, too. */
  readonly adjustedPooledP: number | null
}

export interface Comparison {
  readonly baseline: ComparedVariant
  /** In the order of the names. */
  readonly contrasts: readonly Contrast[]
}

const P_MAX = 0.05
const NOTHING_STATED = { difference: null, adjustedP: null, adjustedPooledP: null }

/** @param variants with the baseline among them. */
export function compareVariants(variants: readonly ComparedInput[], baselineName: string): Comparison {
  const baseline = variants.find(({ name }) => name === baselineName)
  if (baseline === undefined) throw new Error(`there is no variant ${baselineName}`)
  const others = variants.filter((variant) => variant !== baseline)
  const differences = others.map((variant) => {
    const isEnough = Math.min(baseline.effectiveUsers, variant.effectiveUsers) >= EFFECTIVE_USERS_MIN
    return isEnough ? ratioDifference(baseline.observations, variant.observations) : 'too-few-users'
  })
  const made = differences.filter(isDifference)
  const adjusted = holm(made.map(({ p }) => p))
  const adjustedPooled = holm(made.map(({ pooledP }) => pooledP))
  const contrasts = others.map((variant, n): Contrast => {
    const found = differences[n] ?? null
    if (!isDifference(found)) return { ...summary(variant), finding: found ?? 'no-variation', ...NOTHING_STATED }
    const adjustedP = adjusted.shift() as number
    const adjustedPooledP = adjustedPooled.shift() as number
    const finding = findingOf(found, adjustedP, adjustedPooledP)
    return { ...summary(variant), finding, difference: found, adjustedP, adjustedPooledP }
  })
  return { baseline: summary(baseline), contrasts }
}

function isDifference(found: RatioDifference | 'too-few-users' | null): found is RatioDifference {
  return found !== null && found !== 'too-few-users'
}

function summary({ name, searches, observations, effectiveUsers }: ComparedInput): ComparedVariant {
  return { name, searches, ratio: ratioOf(observations), effectiveUsers }
}

function findingOf({ difference }: RatioDifference, adjustedP: number, adjustedPooledP: number): Finding {
  if (adjustedP >= P_MAX) return 'none-found'
  if (adjustedPooledP >= P_MAX) return 'too-uneven'
  return difference > 0 ? 'higher' : 'lower'
}

/**
 * Adjusts several p values by Holm's method, in their order: the least is multiplied by their
 * number, the next by one less, and so on. The adjusted values have the order of the given ones.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, n) => n).sort((a, b) => (ps[a] as number) - (ps[b] as number))
  const adjusted = new Array<number>(ps.length)
  let least = 0
  for (const [rank, n] of order.entries()) {
    least = Math.max(least, Math.min(1, (ps[n] as number) * (ps.length - rank)))
    adjusted[n] = least
  }
  return adjusted
}
