// Searches for the fewest faults and users with which a failing seed still fails, because a short
// story is easier to understand.

import { FAULTS, type Fault } from './faults.ts'
import { type RunOptions, type RunResult, run, USERS_MAX } from './run.ts'

export interface Smallest {
  readonly result: RunResult
  readonly usersMax: number
  /** The faults that still strike. */
  readonly faults: readonly Fault[]
}

/**
 * Leaves out one fault after the other, and keeps it out if the seed still fails. Then it tries
 * fewer users, from one on. The result is small, not always the smallest.
 */
export async function shrink(seed: number, options: RunOptions): Promise<Smallest> {
  let result = await run(seed, options)
  let usersMax = USERS_MAX
  const without = new Set<Fault>()
  const stillBreaks = async (tried: RunOptions): Promise<boolean> => {
    const found = await run(seed, { ...options, ...tried })
    if (found.violations.length > 0) result = found
    return found.violations.length > 0
  }
  for (const fault of FAULTS) {
    if (await stillBreaks({ usersMax, without: new Set([...without, fault]) })) without.add(fault)
  }
  for (let users = 1; users < USERS_MAX; users++) {
    if (!(await stillBreaks({ usersMax: users, without }))) continue
    usersMax = users
    break
  }
  return { result, usersMax, faults: FAULTS.filter((fault) => result.faults[fault] > 0) }
}
