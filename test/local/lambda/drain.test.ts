// Checks that a drain of a function that fails or does no work ends, with the function's own error.

import { expect, it } from 'vitest'
import { type DrainReport, drainFunction } from '../../../local/lambda/drain.ts'
import { FunctionError } from '../../../local/lambda/function-process.ts'
import { UserError } from '../../../terminal/user-error.ts'

const DONE: DrainReport = { conflicts: 0, isUnfinished: false }
const ERROR = 'ValidationException: an empty key'

/** Drains a function that replies so, from the first reply to the last, which it repeats. */
async function drained(...replies: readonly (DrainReport | null)[]) {
  let invocations = 0
  const failures: string[] = []
  const invoke = async (): Promise<DrainReport> => {
    const reply = replies[Math.min(invocations, replies.length - 1)]
    invocations++
    if (reply == null) throw new FunctionError(ERROR)
    return reply
  }
  const patience = { failuresMax: 3, onFailure: ({ message }: Error) => failures.push(message) }
  const error = await drainFunction('the-rollup', { invoke, stop: async () => {} }, patience).catch((thrown) => thrown)
  return { invocations, failures, error }
}

it('ends after three failures in a row, with the error of the function', async () => {
  const { invocations, failures, error } = await drained(null)
  expect(error).toEqual(new UserError(`the-rollup failed 3 times in a row, at last with ${ERROR}`))
  expect({ invocations, failures }).toEqual({ invocations: 3, failures: [ERROR, ERROR] })
})

it('goes on after a failure, and counts failures anew after a reply', async () => {
  const work = { ...DONE, closed: 1 }
  expect(await drained(null, null, work, null, null, DONE)).toMatchObject({ invocations: 6, error: undefined })
})

it('ends when the function does no work any more', async () => {
  const { invocations, error } = await drained({ ...DONE, conflicts: 1, isUnfinished: true })
  expect(error).toEqual(new UserError('the-rollup is not done, and did no work in 50 drains in a row'))
  expect(invocations).toBe(50)
})

it('goes on while the function works', async () => {
  const work = { ...DONE, isUnfinished: true, rowsRead: 1 }
  const sixty = Array.from({ length: 60 }, () => work)
  expect(await drained(...sixty, DONE)).toMatchObject({ invocations: 61, error: undefined })
})
