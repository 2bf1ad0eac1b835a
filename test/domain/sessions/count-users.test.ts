// The count of users: whatever names come, and however often, about as many as differ.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { userCounter } from '../../../functions/domain/sessions/count-users.ts'
import { SEED } from '../../support/random-log.ts'

function countOf(users: Iterable<string>): number {
  const counter = userCounter()
  for (const user of users) counter.add(user)
  return counter.count()
}

describe('the count of users', () => {
  it('is exact for a hundred, whatever they are called and however often they come', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 100 }), (users) => {
        expect(countOf([...users, ...users])).toBe(new Set(users).size)
      }),
      { seed: SEED, numRuns: 30 },
    )
  })

  it.each([
    ['numbered', (n: number) => `user-${n}`],
    ['of one character and a number', (n: number) => String.fromCodePoint(0x4e00 + (n % 5000)) + Math.floor(n / 5000)],
  ])('is within a percent for a million names that are %s', (_, name) => {
    const names = function* () {
      for (let n = 0; n < 1_000_000; n++) yield name(n)
    }
    expect(Math.abs(countOf(names()) - 1_000_000)).toBeLessThan(10_000)
  })
})
