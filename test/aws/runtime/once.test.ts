// Tests that a value is made once for all callers, and again after a failure.

import { expect, it } from 'vitest'
import { once } from '../../../functions/aws/runtime/once.ts'

/** Counts the calls, of which the first `failures` fail. */
function counting(failures: number) {
  let made = 0
  const load = once(async () => {
    made++
    if (made <= failures) throw new Error(`failure ${made}`)
    return made
  })
  return { load, timesMade: () => made }
}

it('makes the value at the first call, and returns it to every other call', async () => {
  const { load, timesMade } = counting(0)
  expect(timesMade()).toBe(0)
  expect(await Promise.all([load(), load()])).toEqual([1, 1])
  expect(await load()).toBe(1)
})

it('makes the value again after a failure, which reaches every call that waited for it', async () => {
  const { load, timesMade } = counting(2)
  const outcomes = await Promise.allSettled([load(), load()])
  expect(outcomes).toEqual(Array(2).fill({ status: 'rejected', reason: new Error('failure 1') }))
  await expect(load()).rejects.toThrow('failure 2')
  expect(await load()).toBe(3)
  expect(await load()).toBe(3)
  expect(timesMade()).toBe(3)
})
