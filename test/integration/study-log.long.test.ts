// Checks that the study log gives the known results in tiny batches and under faults (S1).

import { describe, expect, it } from 'vitest'
import { SEED } from '../support/random-log.ts'
import { runLocally } from './on-emulators.ts'
import { expected, expectRollups, lines, logPath, shuffledWithRepeats } from './study-log.ts'

describe.skipIf(logPath === null)(`the study log (order by seed ${SEED})`, () => {
  it('gives the study log its known summary while a fifth of all calls and invocations fail', async () => {
    const { summary, rollups } = await runLocally({ batchSize: '50' }, lines, 0.2)
    expect(summary).toMatchObject(expected)
    expectRollups(rollups)
  })

  it.each(['1', '7', '500'])('gives the shuffled study log its known summary in batches of %s', async (batchSize) => {
    const sent = shuffledWithRepeats()
    const { summary } = await runLocally({ batchSize }, sent)
    const repeats = sent.length - lines.length
    expect(summary).toMatchObject({ ...expected, eventsIn: sent.length, duplicates: repeats, accepted: lines.length })
  })
})
