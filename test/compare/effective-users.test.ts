// Tests the number of effective users, and its estimate from buckets over every way to fill them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effectiveUsers, effectiveUsersOfBuckets } from '../../compare/effective-users.ts'

describe('the effective users', () => {
  it('are all users where each searches alike, and one where one user searches', () => {
    expect(effectiveUsers(Float64Array.of(3, 3, 3, 3))).toBe(4)
    expect(effectiveUsers(Float64Array.of(0, 9, 0))).toBe(1)
    expect(effectiveUsers(new Float64Array(3))).toBe(0)
  })

  it('are estimated from buckets without a bias of their inverse', () => {
    const searches = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(searches, fc.integer({ min: 2, max: 4 }), (ofUsers, buckets) => {
        const ways = buckets ** ofUsers.length
        let inverses = 0
        for (let way = 0; way < ways; way++) {
          const filled = new Float64Array(buckets)
          for (const [user, count] of ofUsers.entries()) {
            const bucket = Math.floor(way / buckets ** user) % buckets
            filled[bucket] = (filled[bucket] as number) + count
          }
          inverses += 1 / effectiveUsersOfBuckets(filled)
        }
        expect(inverses / ways).toBeCloseTo(1 / effectiveUsers(Float64Array.from(ofUsers)), 10)
      }),
      { seed: 18 },
    )
  })

  it('are one where all searches fall into one bucket, and without an end where all buckets are alike', () => {
    expect(effectiveUsersOfBuckets(Float64Array.of(0, 12, 0, 0))).toBeCloseTo(1, 10)
    expect(effectiveUsersOfBuckets(Float64Array.of(3, 3, 3, 3))).toBe(Number.POSITIVE_INFINITY)
    expect(effectiveUsersOfBuckets(new Float64Array(4))).toBe(0)
  })
})
