// Tests the sentences about the findings of a comparison.

import { describe, expect, it } from 'vitest'
import type { Comparison, Contrast } from '../../compare/comparison.ts'
import { findingText, pText, ratioText, signedText } from '../../compare/comparison-text.ts'
import { COMPARED_METRICS } from '../../compare/metric.ts'

const CTR = COMPARED_METRICS.ctr
const CLICKS = COMPARED_METRICS['clicks-per-search']
const BASELINE = { name: 'a', searches: 1000, ratio: 0.4, effectiveUsers: 900.7 }
const DIFFERENCE = {
  difference: 0.0125,
  standardError: 0.004,
  degreesOfFreedom: 63,
  low: 0.0046,
  high: 0.0205,
  p: 0.003,
  pooledP: 0.003,
  detectable: 0.012,
}

function sentence(changes: Partial<Contrast>, metric: (typeof COMPARED_METRICS)[keyof typeof COMPARED_METRICS] = CTR) {
  const contrast: Contrast = {
    name: 'b',
    searches: 1000,
    ratio: 0.4125,
    effectiveUsers: 800,
    finding: 'higher',
    difference: DIFFERENCE,
    adjustedP: 0.003,
    adjustedPooledP: 0.003,
    ...changes,
  }
  const comparison: Comparison = { baseline: BASELINE, contrasts: [contrast] }
  return findingText(contrast, comparison, metric)
}

describe('the sentence about a variant', () => {
  it('states a difference with its interval', () => {
    expect(sentence({})).toBe(
      'The click-through rate of b is higher than that of a, by 1.25 points (95 % interval +0.46 to +2.05).',
    )
    expect(
      sentence({ finding: 'lower', difference: { ...DIFFERENCE, difference: -0.03, low: -0.05, high: -0.01 } }),
    ).toBe('The click-through rate of b is lower than that of a, by 3.00 points (95 % interval −5.00 to −1.00).')
    expect(sentence({}, CLICKS)).toBe(
      'The number of clicks per search of b is higher than that of a, by 0.013 (95 % interval +0.005 to +0.021).',
    )
  })

  it('states how large a difference the traffic would show where none is found', () => {
    expect(sentence({ finding: 'none-found' })).toBe(
      'No difference is found between b and a. This traffic would most likely show one of 1.20 points (3.0 %) or more.',
    )
  })

  it('names the variant with too few effective users', () => {
    const nothing = { finding: 'too-few-users', difference: null, adjustedP: null, adjustedPooledP: null } as const
    expect(sentence({ ...nothing, effectiveUsers: 37.9 })).toBe(
      'This traffic is too little to compare b with a: the searches of b count for 37 effective users, and a comparison needs 200.',
    )
    expect(sentence({ ...nothing, effectiveUsers: Number.POSITIVE_INFINITY })).toContain(
      'the searches of a count for 900 ',
    )
  })

  it('names the p of users who vary alike where only the own variance of a smaller side makes p small', () => {
    expect(sentence({ finding: 'too-uneven', adjustedPooledP: 0.214 })).toBe(
      'The click-through rate of b seems higher than that of a. But the variants have different numbers of searches, and if all users vary alike, p is 0.214. So no difference is stated.',
    )
    const lower = { ...DIFFERENCE, difference: -0.03 }
    expect(sentence({ finding: 'too-uneven', difference: lower })).toContain('of b seems lower than')
  })

  it('states that nothing varies', () => {
    expect(sentence({ finding: 'no-variation', difference: null, adjustedP: null, adjustedPooledP: null })).toBe(
      'This traffic cannot compare b with a: the click-through rate does not vary among users, or there is nothing to divide by.',
    )
  })
})

describe('the numbers of a comparison', () => {
  it('are percents and points for shares, and plain for clicks per search', () => {
    expect([ratioText(0.41256, CTR), ratioText(1.2, CLICKS), ratioText(null, CTR)]).toEqual(['41.26 %', '1.200', '–'])
    expect([signedText(0.01, CTR), signedText(-0.01, CTR), signedText(-0.01, CLICKS)]).toEqual([
      '+1.00',
      '−1.00',
      '−0.010',
    ])
  })

  it('have as many digits of p as it needs', () => {
    expect([0.7312, 0.0042, 0.00001].map(pText)).toEqual(['0.731', '0.0042', 'below 0.0001'])
  })
})
