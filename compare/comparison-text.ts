// Words the findings of a comparison in plain sentences, and formats its numbers.

import type { Comparison, Contrast } from './comparison.ts'
import { EFFECTIVE_USERS_MIN } from './effective-users.ts'
import type { ComparedMetric } from './metric.ts'
import type { RatioDifference } from './ratio-difference.ts'

const NOTHING = '–'

export function ratioText(ratio: number | null, { unit }: ComparedMetric): string {
  if (ratio === null) return NOTHING
  return unit === 'share' ? `${(ratio * 100).toFixed(2)} %` : ratio.toFixed(3)
}

/** Formats a difference of ratios without its unit, with a sign: `+1.25`. Shares are in points. */
export function signedText(difference: number, metric: ComparedMetric): string {
  return `${difference < 0 ? '−' : '+'}${sizeText(difference, metric)}`
}

/** Formats the size of a difference of ratios, without its unit. */
export function sizeText(difference: number, { unit }: ComparedMetric): string {
  return unit === 'share' ? Math.abs(difference * 100).toFixed(2) : Math.abs(difference).toFixed(3)
}

/** Follows the size of a difference: ` points` for shares. */
export function unitText({ unit }: ComparedMetric): string {
  return unit === 'share' ? ' points' : ''
}

export function intervalText({ low, high }: RatioDifference, metric: ComparedMetric): string {
  return `${signedText(low, metric)} to ${signedText(high, metric)}`
}

/** Formats the difference that the traffic could have shown, with its part of the baseline. */
export function detectableText(
  { detectable }: RatioDifference,
  baseline: number | null,
  metric: ComparedMetric,
): string {
  const relative = baseline === null || baseline === 0 ? '' : ` (${((detectable / baseline) * 100).toFixed(1)} %)`
  return `${sizeText(detectable, metric)}${unitText(metric)}${relative}`
}

export function pText(p: number): string {
  if (p < 0.0001) return 'below 0.0001'
  return p.toFixed(p < 0.01 ? 4 : 3)
}

/** States in one sentence, or two, what is found of the variant. */
export function findingText(contrast: Contrast, { baseline }: Comparison, metric: ComparedMetric): string {
  const { name, finding, difference } = contrast
  const ratio = `${metric.title} of ${name}`
  if (finding === 'too-few-users') {
    const least = contrast.effectiveUsers < baseline.effectiveUsers ? contrast : baseline
    const users = Math.floor(least.effectiveUsers)
    return `This traffic is too little to compare ${name} with ${baseline.name}: the searches of ${least.name} count for ${users} effective ${users === 1 ? 'user' : 'users'}, and a comparison needs ${EFFECTIVE_USERS_MIN}.`
  }
  if (difference === null)
    return `This traffic cannot compare ${name} with ${baseline.name}: the ${metric.title} does not vary among users, or there is nothing to divide by.`
  if (finding === 'too-uneven')
    return `The ${ratio} seems ${difference.difference > 0 ? 'higher' : 'lower'} than that of ${baseline.name}. But the variants have different numbers of searches, and if all users vary alike, p is ${pText(contrast.adjustedPooledP ?? 1)}. So no difference is stated.`
  if (finding === 'none-found')
    return `No difference is found between ${name} and ${baseline.name}. This traffic would most likely show one of ${detectableText(difference, baseline.ratio, metric)} or more.`
  return `The ${ratio} is ${finding} than that of ${baseline.name}, by ${sizeText(difference.difference, metric)}${unitText(metric)} (95 % interval ${intervalText(difference, metric)}).`
}
