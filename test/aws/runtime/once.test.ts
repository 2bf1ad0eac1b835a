// What is made once: a making that fails or not in, how often it was made and for whom out.

import { expect, it } from 'vitest'
import { once } from '../../../functions/aws/runtime/once.ts'

/** The first `failures` of what is made fail. */
function counting(failures: number) {
  let made = 0
  const load = once(async () => {
    made++
    if (made <= failures) throw new Error(`failure ${made}`)
    return made
  })
  return { load, timesMade: () => made }
}

it('is made when it is first asked for, and for all who ask meanwhile and later', async () => {
  const { load, timesMade } = counting(0)
  expect(timesMade()).toBe(0)
  expect(await Promise.all([load(), load()])).toEqual([1, 1])
  expect(await load()).toBe(1)
})

it('is made again after a failure, which all hear who asked meanwhile', async () => {
  const { load, timesMade } = counting(2)
  const heard = await Promise.allSettled([load(), load()])
  expect(heard).toEqual(Array(2).fill({ status: 'rejected', reason: new Error('failure 1') }))
  await expect(load()).rejects.toThrow('failure 2')
  expect(await load()).toBe(3)
  expect(await load()).toBe(3)
  expect(timesMade()).toBe(3)
})
