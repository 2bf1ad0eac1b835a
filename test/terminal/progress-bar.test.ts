// Checks what the progress bar of a log shows.

import { expect, it } from 'vitest'
import { progressBar } from '../../terminal/progress-bar.ts'

it('the progress bar shows share, rate and remaining time', () => {
  let nowMs = 0
  const show = progressBar(1000, () => nowMs)
  nowMs = 30_000
  expect(show(250, 300)).toBe(`${'█'.repeat(6)}${'·'.repeat(18)} 25 %  300 events, 10/s, 1:30 left`)
  expect(progressBar(null, () => nowMs)(250, 0)).toBe('0 events, 0/s')
})
