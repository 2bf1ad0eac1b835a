// A real study log through the deployed functions gives the known results, in whatever order and batches it comes.

import { readFileSync } from 'node:fs'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { SEED } from '../support/random-log.ts'
import { sharedPath } from '../support/shared.ts'
import { runLocally } from './on-emulators.ts'

const logPath = sharedPath('data/lisp/events.ndjson')
const expectedPath = sharedPath('data/lisp/expected.json')
const lines = logPath === null ? [] : readFileSync(logPath, 'utf8').split('\n').filter(Boolean)
const expected: Record<string, unknown> = expectedPath === null ? {} : JSON.parse(readFileSync(expectedPath, 'utf8'))

/** Every fifth line comes again, and all in a random order. */
function shuffledWithRepeats(): string[] {
  const generator = xoroshiro128plus(SEED)
  const sent = [...lines, ...lines.filter((_, n) => n % 5 === 0)]
  for (let last = sent.length - 1; last > 0; last--) {
    const other = uniformInt(generator, 0, last)
    const moved = sent[last] as string
    sent[last] = sent[other] as string
    sent[other] = moved
  }
  return sent
}

describe.skipIf(logPath === null)(`the study log (order by seed ${SEED})`, () => {
  it('gives the known summary', async () => {
    const { summary } = await runLocally({}, lines)
    expect(summary).toMatchObject(expected)
    expect(summary.rejected).toEqual({})
  })

  it('gives the known summary while a fifth of all calls and invocations come to grief', async () => {
    const { summary } = await runLocally({ batchSize: '50' }, lines, 0.2)
    expect(summary).toMatchObject(expected)
  })

  it.each(['1', '7', '500'])('gives it shuffled, with repeated lines, in batches of %s', async (batchSize) => {
    const sent = shuffledWithRepeats()
    const { summary } = await runLocally({ batchSize }, sent)
    const repeats = sent.length - lines.length
    expect(summary).toMatchObject({ ...expected, eventsIn: sent.length, duplicates: repeats, accepted: lines.length })
  })
})
