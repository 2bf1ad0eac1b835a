// Checks that the deployed functions give a real study log the known results in any order (S1).

import { describe, expect, it } from 'vitest'
import { SEED } from '../support/random-log.ts'
import { onLocalRun, rollupsOf, runLocally, toBuffers } from './on-emulators.ts'
import { expected, expectRollups, lines, logPath, total } from './study-log.ts'

describe.skipIf(logPath === null)(`the study log (order by seed ${SEED})`, () => {
  it('gives the study log its known summary', async () => {
    const { summary, rollups } = await runLocally({}, lines)
    expect(summary).toMatchObject(expected)
    expect(summary.rejected).toEqual({})
    expectRollups(rollups)
  })

  it('gives the known rollups after closing every session with half of its events and amending it', async () => {
    await onLocalRun({}, async (run) => {
      const half = (rest: number): string[] => lines.filter((_, n) => n % 2 === rest)
      await run.replay('first', toBuffers(half(0)), () => {})
      await run.drain()
      expect(total((await rollupsOf(run)).days).searches).toBeLessThan(expected.searches as number)
      await run.replay('second', toBuffers(half(1)), () => {})
      await run.drain()
      expectRollups(await rollupsOf(run))
    })
  })
})
