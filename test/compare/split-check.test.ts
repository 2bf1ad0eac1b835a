// Tests the check of how users were split among variants.

import { describe, expect, it } from 'vitest'
import { checkSplit } from '../../compare/split-check.ts'

describe('the check of the split', () => {
  it('finds 52:48 of 20,000 users that are meant as 50:50', () => {
    expect(checkSplit([10_400, 9600], [50, 50])).toMatchObject({ chiSquare: 32, isBad: true })
  })

  it('accepts what random draws make', () => {
    expect(checkSplit([10_100, 9900], [50, 50])).toMatchObject({ isBad: false })
    expect(checkSplit([10_100, 9900], [50, 50])?.p).toBeCloseTo(0.157, 3)
  })

  it('takes parts of any sum, and of more than two variants', () => {
    expect(checkSplit([900, 100], [9, 1])?.p).toBe(1)
    expect(checkSplit([500, 300, 200], [0.5, 0.3, 0.2])?.p).toBeCloseTo(1, 10)
    expect(checkSplit([500, 300, 200], [1, 1, 1])?.isBad).toBe(true)
  })

  it('begins to object at p below 0.001', () => {
    // A chi-square of one degree of freedom passes 10.828 there.
    expect(checkSplit([5164, 4836], [1, 1])?.isBad).toBe(false)
    expect(checkSplit([5165, 4835], [1, 1])?.isBad).toBe(true)
  })

  it('checks nothing with fewer than five expected users of a variant', () => {
    expect(checkSplit([4, 5], [1, 1])).toBeNull()
    expect(checkSplit([5, 5], [1, 1])).not.toBeNull()
    expect(checkSplit([0, 0], [1, 1])).toBeNull()
  })
})
