// Tests that the bench finalizes every session in both ways to write, with fewer batches than it
// measures.

import { expect, it } from 'vitest'
import { finalizingText, measureFinalizing } from '../../../bench/speed/finalizing.ts'

it('finalizes all sessions with batches and with a request for each write, and reports how many a second', async () => {
  const speed = await measureFinalizing(() => {}, { warmUpBatches: 0, batches: 1 })
  expect(speed.sessionsPerCpuSecond).toBeGreaterThan(0)
  expect(speed.singleSessionsPerCpuSecond).toBeGreaterThan(0)
  expect(finalizingText(speed)).toContain(`a second of CPU finalizes ${speed.sessionsPerCpuSecond} sessions`)
})
