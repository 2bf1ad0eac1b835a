// Checks that a run in memory gives a real study log the known results in any order (S1).

import { describe, expect, it } from 'vitest'
import { memoryRun } from '../../../local/memory/memory-run.ts'
import { expected, expectRollups, lines, logPath, shuffledWithRepeats, total } from '../../integration/study-log.ts'
import { runInMemory } from '../../support/in-memory.ts'
import { SEED } from '../../support/random-log.ts'

describe.skipIf(logPath === null)(`the study log in memory (order by seed ${SEED})`, () => {
  it.each(['7', '7500'])('has its known summary in batches of %s', async (batchSize) => {
    const { summary, rollups } = await runInMemory({ batchSize }, lines)
    expect(summary).toMatchObject({ ...expected, rejected: {} })
    expectRollups(rollups)
  })

  it.each(['1', '7500'])('has its known summary shuffled, in batches of %s', async (batchSize) => {
    const sent = shuffledWithRepeats()
    const { summary, rollups } = await runInMemory({ batchSize }, sent)
    const duplicates = sent.length - lines.length
    expect(summary).toMatchObject({ ...expected, eventsIn: sent.length, duplicates, accepted: lines.length })
    expectRollups(rollups)
  })

  it('has its known summary when every event comes twice', async () => {
    const { summary } = await runInMemory({}, [...lines, ...lines])
    const [eventsIn, duplicates] = [2 * lines.length, lines.length]
    expect(summary).toMatchObject({ ...expected, eventsIn, duplicates, accepted: lines.length })
  })

  it('has its known sums after a drain with half of its events amends every session', async () => {
    const run = memoryRun({ settings: {} })
    const replayHalf = async (rest: number): Promise<number> => {
      const half = lines.filter((_, n) => n % 2 === rest).map((line) => Buffer.from(line))
      await run.replay(`half ${rest}`, eachOf(half), () => {})
      await run.drain()
      return total([...run.stores.rollups.rollups.values()].filter((rollup) => rollup.kind === 'day')).searches ?? 0
    }
    expect(await replayHalf(0)).toBeLessThan(expected.searches as number)
    expect(await replayHalf(1)).toBe(expected.searches)
    expect(await run.summary()).toMatchObject(expected)
  })
})

async function* eachOf<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}
