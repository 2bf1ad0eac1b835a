// Tests the comparison of measured capacity units with the committed ones.

import { describe, expect, it } from 'vitest'
import { compareUnits } from '../../../bench/cost/committed-units.ts'

describe('the comparison', () => {
  it('distinguishes counts that rise from counts that fall', () => {
    const before = { a: { write: 2, read: 1 } }
    expect(compareUnits({ a: { write: 2, read: 1 } }, before)).toEqual({ risen: [], fallen: [] })
    expect(compareUnits({ a: { write: 3, read: 0 } }, before)).toEqual({
      risen: ['a: write 2 -> 3'],
      fallen: ['a: read 1 -> 0'],
    })
  })

  it('counts a log that was never committed as a rise', () => {
    expect(compareUnits({ b: { write: 1 } }, {}).risen).toHaveLength(1)
  })
})
