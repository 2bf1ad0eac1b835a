// Checks that a log is sorted by time whatever its size, and that its files are removed.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { sortLines } from '../../../local/replay/sorted-lines.ts'
import type { NumberedLine } from '../../../local/replay/split-lines.ts'
import { at } from '../../support/events.ts'
import { SEED } from '../../support/random-log.ts'

const event = (time: unknown, n = 0): object => ({ type: 'AppOpen', user: 'ann', time, n })

async function* numbered(documents: readonly unknown[]): AsyncGenerator<NumberedLine> {
  for (const [index, document] of documents.entries())
    yield { number: index + 1, line: Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)) }
}

async function sorted(documents: readonly unknown[], runBytes?: number): Promise<string[]> {
  const log = await sortLines(numbered(documents), runBytes)
  const read: string[] = []
  for await (const { line } of log.lines()) read.push(line.toString('utf8'))
  await log.remove()
  return read
}

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-sort-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The bytes in all files below the folder. */
function storedBytes(): number {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(folder, name)))
  return paths.reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0)
}

describe('a sorted log', () => {
  it('has the lines in the order of time, and those of equal times in the order of the log', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 300 })
    // A run of a few hundred bytes holds one or two lines, so up to 64 runs are merged into one.
    await fc.assert(
      fc.asyncProperty(times, fc.constantFrom(300, 3000, 1e6), async (seconds, runBytes) => {
        const events = seconds.map((second, n) => ({ second, text: JSON.stringify(event(at(second), n)) }))
        const expected = [...events].sort((a, b) => a.second - b.second).map(({ text }) => text)
        expect(
          await sorted(
            events.map(({ text }) => text),
            runBytes,
          ),
        ).toEqual(expected)
      }),
      { seed: SEED, numRuns: 20 },
    )
  })

  it('ends with the lines that have no time that can be read', async () => {
    const lines = ['no JSON', event(undefined), event(at(2)), event('2026'), event(at(1))]
    const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
    expect(await sorted(lines)).toEqual([4, 2, 0, 1, 3].map((index) => texts[index]))
  })

  it('has the events of an array apart, if all have a time', async () => {
    const [one, two, three] = [event(at(3)), event(at(2)), event(at(1))]
    expect(await sorted([[one, three], two])).toEqual([three, two, one].map((found) => JSON.stringify(found)))
    const batch = [one, event(undefined)]
    expect(await sorted([batch, two])).toEqual([two, batch].map((found) => JSON.stringify(found)))
  })

  it('has a document of another format at its own time', async () => {
    const query = { query_id: 'q', client_id: 'c', user_query: 'lamp', timestamp: new Date(at(2)).toISOString() }
    expect(await sorted([event(at(3)), query, event(at(1))])).toEqual(
      [event(at(1)), query, event(at(3))].map((found) => JSON.stringify(found)),
    )
  })

  it('keeps the number that a line had in the log, and can be read twice', async () => {
    const log = await sortLines(numbered([event(at(2)), event(at(1))]))
    for (let times = 0; times < 2; times++) {
      const numbers: number[] = []
      for await (const { number } of log.lines()) numbers.push(number)
      expect(numbers).toEqual([2, 1])
    }
    await log.remove()
  })

  it('leaves no file behind, also where reading fails', async () => {
    await (await sortLines(numbered([event(at(1))]), 1, folder)).remove()
    async function* failing(): AsyncGenerator<NumberedLine> {
      yield* numbered([event(at(1))])
      throw new Error('no more')
    }
    await expect(sortLines(failing(), 1, folder)).rejects.toThrow('no more')
    expect(readdirSync(folder)).toEqual([])
  })

  it('never holds more of the log than a run', async () => {
    const RUN_BYTES = 64 * 1024
    const text = JSON.stringify(event(at(1)))
    let readBytes = 0
    let heldMax = 0
    async function* lines(): AsyncGenerator<NumberedLine> {
      for (let number = 1; number <= 5000; number++) {
        if (number % 100 === 0) heldMax = Math.max(heldMax, readBytes - storedBytes())
        readBytes += text.length
        yield { number, line: Buffer.from(text) }
      }
    }
    const log = await sortLines(lines(), RUN_BYTES, folder)
    expect(readBytes).toBeGreaterThan(4 * RUN_BYTES)
    expect(heldMax).toBeLessThan(RUN_BYTES)
    await log.remove()
  })
})
