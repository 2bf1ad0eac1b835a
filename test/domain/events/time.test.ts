// Tests that times are read and written as Date does it, only faster.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isoTime, parseTime } from '../../../functions/domain/events/time.ts'
import { SEED } from '../../support/random-log.ts'

describe('times', () => {
  it('writes a time as Date writes it', () => {
    const times = fc.oneof(
      fc.integer({ min: -8.64e15, max: 8.64e15 }),
      fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }),
    )
    fc.assert(
      fc.property(times, (timeMs) => isoTime(timeMs) === new Date(timeMs).toISOString()),
      { seed: SEED, numRuns: 2000 },
    )
  })

  it('reads a time in the canonical form as in any other form', () => {
    const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'))
    const parts = fc.tuple(
      two(9999).map((year) => year.padStart(4, '0')),
      two(14),
      two(33),
      two(25),
      two(61),
      two(61),
    )
    fc.assert(
      fc.property(parts, fc.integer({ min: 100, max: 999 }), ([year, month, day, hour, minute, second], ms) => {
        const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}`
        expect(parseTime(`${text}Z`)).toBe(parseTime(`${text}+00:00`))
      }),
      { seed: SEED, numRuns: 2000 },
    )
  })
})
