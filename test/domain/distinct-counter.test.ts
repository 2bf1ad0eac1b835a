// Tests how exactly the counter counts distinct texts.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distinctCounter } from '../../functions/domain/distinct-counter.ts'
import { SEED } from '../support/random-log.ts'

function countOf(users: Iterable<string>): number {
  const counter = distinctCounter()
  for (const user of users) counter.add(user)
  return counter.count()
}

describe('the count of users', () => {
  it('counts a hundred users exactly, whatever their names and however often they are added', () => {
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
  ])('counts a million users within a percent, with names that are %s', (_, name) => {
    const names = function* () {
      for (let n = 0; n < 1_000_000; n++) yield name(n)
    }
    expect(Math.abs(countOf(names()) - 1_000_000)).toBeLessThan(10_000)
  })
})
