// Tests that a sweep costs as much as the timers that fire, not as the sessions that are open.

import { describe, expect, it } from 'vitest'
import { measureSweep } from '../../../bench/cost/sweep.ts'

/** A read of each list of timers. The bench leaves out the reads of the shards' progress. */
const READ_WITHOUT_TIMERS = 4

describe('a sweep', () => {
  it('reads four units without due timers, one more for each that fires, and writes two for each closing', async () => {
    const costs = await measureSweep(() => {}, [0, 500, 3000], 50)
    expect(costs).toHaveLength(9)
    for (const { due, rescheduled, read, write, closed } of costs) {
      expect(closed).toBe(due)
      // The timers that fire lie in one page or two. Pages are removed, and those of the next
      // written.
      expect(read - READ_WITHOUT_TIMERS - due - rescheduled, 'reads').toBeLessThanOrEqual(
        due + rescheduled === 0 ? 0 : 1,
      )
      expect(write - 2 * due, 'writes').toBeLessThanOrEqual(due + rescheduled === 0 ? 0 : 8)
    }
  })
})
