// Tests that the bench closes every session in both ways to write, with fewer sessions than it
// measures.

import { expect, it } from 'vitest'
import { closingText, measureClosing } from '../../../bench/speed/closing.ts'

it('closes all sessions with batches and with a request for each write, and reports how many a second', async () => {
  const speed = await measureClosing(() => {}, { sessions: 60, warmUpSweeps: 0, sweeps: 1 })
  expect(speed).toMatchObject({ sessions: 60 })
  expect(speed.closingsPerCpuSecond).toBeGreaterThan(0)
  expect(speed.singleClosingsPerCpuSecond).toBeGreaterThan(0)
  expect(closingText(speed)).toContain(`a second of CPU closes ${speed.closingsPerCpuSecond} sessions`)
})
