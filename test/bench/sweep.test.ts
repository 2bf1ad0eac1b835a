// What a sweep costs: open sessions, none of them due, in, and read units that are few and the same out.

import { describe, expect, it } from 'vitest'
import { measureSweep } from '../../bench/sweep.ts'

/** One for each list of timers; a shard's progress, which the bench leaves out, is one more. */
const READ_IN_VAIN = 4

describe('a sweep', () => {
  it('reads four units while no timer has passed, however many are open; a look is a read, and a closing two writes', async () => {
    const costs = await measureSweep(() => {}, [0, 500, 3000], 50)
    expect(costs).toHaveLength(9)
    for (const { due, passed, read, write, closed } of costs) {
      expect(closed).toBe(due)
      // Who was looked at lies in one page or two, which is written and removed.
      expect(read - READ_IN_VAIN - due - passed, 'reads').toBeLessThanOrEqual(due + passed === 0 ? 0 : 1)
      expect(write - 2 * due, 'writes').toBeLessThanOrEqual(due + passed === 0 ? 0 : 8)
    }
  })
})
