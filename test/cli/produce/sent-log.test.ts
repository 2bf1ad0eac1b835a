// Checks that `produce` continues after the lines of a file that it has sent.

import { appendFileSync, createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { openSentLog, type SentLog } from '../../../cli/produce/sent-log.ts'
import { splitLines } from '../../../local/replay/split-lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-produce-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function openLog(file: string, cwd: string, streamId: string, isAgain: boolean): Promise<SentLog> {
  return openSentLog(file, () => linesOf(file), cwd, streamId, isAgain)
}

async function* linesOf(file: string): AsyncGenerator<Buffer> {
  for await (const { line } of splitLines(createReadStream(file))) yield line
}

describe('the record of sent lines', () => {
  it('a file continues after its sent lines wherever it was interrupted and however it has grown', async () => {
    const texts = fc.array(
      fc.string({ minLength: 1, maxLength: 8 }).map((text) => JSON.stringify(text)),
      { maxLength: 8 },
    )
    let n = 0
    await fc.assert(
      fc.asyncProperty(texts, texts, fc.nat(8), async (before, after, interruptedAt) => {
        const path = `log-${n++}`
        writeFileSync(join(folder, path), before.map((text) => `${text}\r\n\n`).join(''))
        const sent = before.slice(0, interruptedAt)
        const log = await openLog(join(folder, path), folder, 'stream', false)
        // Each line is a request of its own.
        for (const text of sent) await log.record([Buffer.from(`${text}\r`)])
        appendFileSync(join(folder, path), after.join('\n'))
        expect(await openLog(join(folder, path), folder, 'stream', false)).toMatchObject({
          skip: sent.length,
          isOther: false,
        })
        expect((await openLog(join(folder, path), folder, 'another stream', false)).skip).toBe(0)
        expect((await openLog(join(folder, path), folder, 'stream', true)).skip).toBe(0)
      }),
      { seed: 1, numRuns: 25 },
    )
  })

  it('two files that are sent at the same time have a record each', async () => {
    for (const path of ['one', 'two']) writeFileSync(join(folder, path), 'a\nb\n')
    const [one, two] = [
      await openLog(join(folder, 'one'), folder, 'stream', true),
      await openLog(join(folder, 'two'), folder, 'stream', true),
    ]
    await one.record([Buffer.from('a')])
    await Promise.all([two.record([Buffer.from('a'), Buffer.from('b')]), one.record([Buffer.from('b')])])
    expect((await openLog(join(folder, 'one'), folder, 'stream', false)).skip).toBe(2)
    expect((await openLog(join(folder, 'two'), folder, 'stream', false)).skip).toBe(2)
  })

  it('a file that begins otherwise, or is shorter, is sent from its beginning', async () => {
    for (const other of ['a\nc\nd\n', 'a\n', '']) {
      writeFileSync(join(folder, 'rotated'), 'a\nb\nc\n')
      const log = await openLog(join(folder, 'rotated'), folder, 'stream', true)
      await log.record([Buffer.from('a'), Buffer.from('b')])
      expect(await openLog(join(folder, 'rotated'), folder, 'stream', false)).toMatchObject({
        skip: 2,
        isOther: false,
      })
      writeFileSync(join(folder, 'rotated'), other)
      expect(await openLog(join(folder, 'rotated'), folder, 'stream', false)).toMatchObject({
        skip: 0,
        isOther: true,
      })
    }
  })

  it.each([
    ['the state folder', '.search-ctr'],
    ['the folder of records', join('.search-ctr', 'produced')],
  ])('a log is sent without a record if %s cannot be made', async (_, blocked) => {
    const cwd = mkdtempSync(join(folder, 'read-only-'))
    mkdirSync(dirname(join(cwd, blocked)), { recursive: true })
    writeFileSync(join(cwd, blocked), 'a file')
    writeFileSync(join(cwd, 'log'), 'a\n')
    const log = await openLog(join(cwd, 'log'), cwd, 'stream', false)
    log.record([Buffer.from('a')])
    expect(log.failure()).toBe('cannot be written (a file has its name)')
    expect((await openLog(join(cwd, 'log'), cwd, 'stream', false)).skip).toBe(0)
  })

  it('a log is sent further if its record cannot be written any more', async () => {
    const cwd = mkdtempSync(join(folder, 'removed-'))
    writeFileSync(join(cwd, 'log'), 'a\nb\n')
    const log = await openLog(join(cwd, 'log'), cwd, 'stream', false)
    log.record([Buffer.from('a')])
    expect(log.failure()).toBe(null)
    rmSync(join(cwd, '.search-ctr'), { recursive: true })
    log.record([Buffer.from('b')])
    expect(log.failure()).toMatch(/^the folder .* does not exist$/)
  })
})
