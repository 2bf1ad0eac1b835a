// Tests the columns of users against a map of each user and variant.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserColumns } from '../../compare/user-columns.ts'

const searches = fc.array(
  fc.record({
    user: fc.integer({ min: 0, max: 3000 }).map((n) => `user#${n}`),
    variant: fc.constantFrom('a', 'b', 'c', 'elsewhere'),
    hit: fc.nat(5),
    counts: fc.boolean(),
  }),
  { maxLength: 3000, size: 'max' },
)

describe('the columns of users', () => {
  it('hold the sums of each user and variant', () => {
    fc.assert(
      fc.property(searches, (all) => {
        const columns = new UserColumns(['a', 'b', 'c'])
        for (const { user, variant, hit, counts } of all)
          expect(columns.add(user, variant, hit, counts ? 1 : 0)).toBe(variant !== 'elsewhere')
        const known = all.filter(({ variant }) => variant !== 'elsewhere')
        expect(columns.users).toBe(new Set(known.map(({ user }) => user)).size)
        for (const { name, searches: count, observations } of columns.compared()) {
          const ofVariant = known.filter(({ variant }) => variant === name)
          const byUser = new Map<string, number>()
          for (const { user, hit } of ofVariant) byUser.set(user, (byUser.get(user) ?? 0) + hit)
          const sums = [...byUser.values()]
          expect(count).toBe(ofVariant.length)
          expect(observations.numerators).toHaveLength(columns.users)
          expect([...observations.numerators].filter((sum) => sum > 0).sort()).toEqual(
            sums.filter((sum) => sum > 0).sort(),
          )
          expect(observations.denominators.reduce((sum, one) => sum + one, 0)).toBe(
            ofVariant.filter(({ counts }) => counts).length,
          )
        }
      }),
      { seed: 18, numRuns: 30 },
    )
  })

  it('count users of one variant and of several, even where no search is in the denominator', () => {
    const columns = new UserColumns(['a', 'b'])
    columns.add('ann', 'a', 0, 0)
    columns.add('ann', 'b', 0, 0)
    columns.add('bob', 'a', 1, 1)
    columns.add('cat', 'b', 1, 1)
    columns.add('dan', 'b', 0, 0)
    columns.add('eve', 'other', 1, 1)
    expect([columns.users, columns.usersOfSeveral, columns.usersOfEach]).toEqual([4, 1, [1, 2]])
  })
})
