// Tests how a state stores the ids of closed sessions.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeClosedIds, encodeClosedIds } from '../../../functions/aws/sessions-table/closed-ids-code.ts'
import { SEED } from '../../support/random-log.ts'

const closedIds = fc.array(
  fc.record({
    foundedAtMs: fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
    hashes: fc.array(fc.nat({ max: 65_535 }), { minLength: 1, maxLength: 40 }),
  }),
  { maxLength: 10 },
)

it('reads the ids of closed sessions as it wrote them, in two bytes an id and ten a session', () => {
  fc.assert(
    fc.property(closedIds, (all) => {
      const stored = encodeClosedIds(all)
      expect(decodeClosedIds(stored)).toEqual(all)
      expect(stored.length).toBe(all.reduce((sum, { hashes }) => sum + 10 + 2 * hashes.length, 0))
    }),
    { seed: SEED },
  )
})

it('refuses ids of closed sessions that end too early', () => {
  const stored = encodeClosedIds([{ foundedAtMs: 0, hashes: [1, 2] }])
  expect(() => decodeClosedIds(stored.subarray(0, -1))).toThrow(RangeError)
})
