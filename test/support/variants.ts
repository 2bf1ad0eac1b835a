// Makes the variants of a report from made-up buckets of users.

import { type ComparedInput, compareVariants } from '../../compare/comparison.ts'
import { METRIC_NAMES } from '../../compare/metric.ts'
import type { ReportVariants } from '../../report/variant-charts.ts'
import { randomOf } from '../../sim/random.ts'

export interface MadeVariant {
  readonly name: string
  readonly rate: number
  readonly effectiveUsers?: number
}

/** Compares the variants with the first one, by every metric alike. */
export function reportVariants(variants: readonly MadeVariant[], notes: readonly string[] = []): ReportVariants {
  const random = randomOf(18)
  const inputs = variants.map(({ name, rate, effectiveUsers = 3000 }): ComparedInput => {
    const denominators = Float64Array.from({ length: 64 }, () => random.between(80, 120))
    const numerators = denominators.map((count) => Math.round(count * rate * (0.9 + random.fraction() / 5)))
    return { name, searches: 6400, observations: { numerators, denominators }, effectiveUsers }
  })
  const comparison = compareVariants(inputs, (variants[0] as MadeVariant).name)
  return { label: 'variant', metrics: METRIC_NAMES.map((name) => ({ name, comparison })), notes }
}
