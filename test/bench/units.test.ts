// The comparison of measured unit counts with the committed ones.

import { describe, expect, it } from 'vitest'
import { compareUnits } from '../../bench/committed-units.ts'

describe('the comparison', () => {
  it('tells a rise from a fall', () => {
    const before = { a: { write: 2, read: 1 } }
    expect(compareUnits({ a: { write: 2, read: 1 } }, before)).toEqual({ risen: [], fallen: [] })
    expect(compareUnits({ a: { write: 3, read: 0 } }, before)).toEqual({
      risen: ['a: write 2 -> 3'],
      fallen: ['a: read 1 -> 0'],
    })
  })

  it('takes a log that was never committed for a rise', () => {
    expect(compareUnits({ b: { write: 1 } }, {}).risen).toHaveLength(1)
  })
})
