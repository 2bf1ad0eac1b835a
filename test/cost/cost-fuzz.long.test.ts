// Tests that ingest's work for 10,000 random records grows no faster than the records, and prints
// the worst of them.

import { expect, it } from 'vitest'
import { shares, worstCases, worstText } from './cost-limits.ts'

const CASES = 1000

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
  `ingest's work for each of ${CASES} random records stays in proportion to the record, with seed %i`,
  async (seed) => {
    const worst = await worstCases(seed, CASES)
    console.log(worstText(worst))
    // A share of nothing would show that V8 did not count.
    expect(worst.steps.share).toBeGreaterThan(0.05)
    expect(Math.max(...shares(worst)), worstText(worst)).toBeLessThanOrEqual(1)
  },
)
