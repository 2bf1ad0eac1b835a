// What a sweep costs: open sessions, none of them due, in, and read units that are few and the same out.

import { describe, expect, it } from 'vitest'
import { measureSweep } from '../../bench/sweep.ts'

/** How a shard's progress is read, which the bench leaves out: one strong read of one item. */
const READ_OF_A_SHARD = 1

describe('a sweep', () => {
  it('reads fewer than fourteen units while nothing is due, however many are open, and what is due costs what it costs', async () => {
    const costs = await measureSweep(() => {}, [0, 500, 3000], 50)
    const idle = costs.filter(({ due }) => due === 0)
    for (const { read, write } of idle) {
      expect(read).toBe(idle[0]?.read)
      expect(read + READ_OF_A_SHARD).toBeLessThan(14)
      expect(write).toBe(0)
    }
    const busy = costs.filter(({ due }) => due > 0)
    for (const { read, write, closed } of busy) {
      expect(closed).toBe(50)
      expect(write).toBe(busy[0]?.write)
      expect(read).toBeLessThanOrEqual((busy[0]?.read ?? 0) + 1)
    }
  })
})
