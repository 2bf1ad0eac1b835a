// Checks that lines arrive byte for byte, wherever the chunks begin and end.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitLines } from '../../../local/replay/split-lines.ts'
import { SEED } from '../../support/random-log.ts'

async function* inChunks(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}

async function read(...chunks: readonly (Buffer | string)[]): Promise<Buffer[]> {
  const lines: Buffer[] = []
  for await (const { line } of splitLines(inChunks(chunks.map((chunk) => Buffer.from(chunk)))))
    lines.push(Buffer.from(line))
  return lines
}

async function readTexts(...chunks: readonly (Buffer | string)[]): Promise<string[]> {
  return (await read(...chunks)).map((line) => line.toString('utf8'))
}

describe('a line', () => {
  it('ends a line at a newline and at the end of the log', async () => {
    expect(await readTexts('a\nb\n')).toEqual(['a', 'b'])
    expect(await readTexts('a\nb')).toEqual(['a', 'b'])
  })

  it('leaves a carriage return in its line, since JSON reads it as a space', async () => {
    expect(await readTexts('{"a":1}\r\n{"b":2}\r\n')).toEqual(['{"a":1}\r', '{"b":2}\r'])
  })

  it('leaves the spaces of a line in it', async () => expect(await readTexts('  a  \n\tb\n')).toEqual(['  a  ', '\tb']))

  it('leaves bytes that are no UTF-8 in a line', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x7d])
    expect(await read(bytes, Buffer.from('\na'))).toEqual([bytes, Buffer.from('a')])
  })

  it('yields a line of only byte 0xA0, which is a space in another encoding', async () => {
    expect(await read(Buffer.from([0xa0, 0x0a]))).toEqual([Buffer.from([0xa0])])
  })

  it('joins a character that two chunks share', async () => {
    const sent = Buffer.from('{"query":"Fön 🙂"}')
    for (let end = 0; end <= sent.length; end++) {
      expect(await read(sent.subarray(0, end), sent.subarray(end))).toEqual([sent])
    }
  })

  it('joins a line that spans many chunks', async () => {
    const chunk = 'a'.repeat(64 * 1024)
    expect((await read(...Array<string>(40).fill(chunk), '\nb')).map((line) => line.length)).toEqual([
      40 * 64 * 1024,
      1,
    ])
  })
})

describe('a line longer than any event', () => {
  it('yields a line longer than any event, and the next one after it', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'a')
    const [long, next, ...others] = await read(...Array<Buffer>(17 * 16).fill(chunk), 'a\n{"next":true}\n')
    expect(long?.length).toBeGreaterThan(1024 * 1024)
    expect([next?.toString(), others]).toEqual(['{"next":true}', []])
  })
})

describe('a blank line', () => {
  it.each(['', ' ', '\r', '\t', ' \t \r', ' '.repeat(63)])('leaves out a blank line: %j', async (blank) => {
    expect(await readTexts(`a\n${blank}\nb\n${blank}`)).toEqual(['a', 'b'])
  })

  it('leaves out a blank line of any length', async () => {
    expect(await readTexts(`a\n${' '.repeat(64)}\nb\n${' '.repeat(1000)}\n`)).toEqual(['a', 'b'])
  })

  it('yields nothing for a log of blank lines', async () => {
    expect(await read()).toEqual([])
    expect(await read('')).toEqual([])
    expect(await read('\n\r\n\n')).toEqual([])
  })
})

describe('any log', () => {
  /** Prefers newlines, spaces and halves of characters. */
  const byte = fc.oneof(fc.constantFrom(0x0a, 0x0a, 0x0d, 0x20, 0x61, 0xc3), fc.integer({ min: 0, max: 255 }))
  const log = fc.array(byte, { maxLength: 80 }).map((bytes) => Buffer.from(bytes))

  /** Splits the whole log at once. */
  function linesOf(bytes: Buffer): Buffer[] {
    const texts = bytes.toString('latin1').split('\n')
    return texts.filter((text) => !/^[ \t\r\v\f]*$/.test(text)).map((text) => Buffer.from(text, 'latin1'))
  }

  it('yields the same lines wherever the chunks of a log begin and end', async () => {
    const chunkEnds = fc.array(fc.nat({ max: 80 }), { maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(log, chunkEnds, async (bytes, ends) => {
        const sorted = [0, ...ends.sort((a, b) => a - b), bytes.length]
        const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
        expect(await read(...chunks)).toEqual(await read(bytes))
      }),
      { seed: SEED },
    )
  })

  it('yields all lines of a log that are not blank', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (bytes) => {
        // Another test covers a line of only byte 0xA0.
        fc.pre(!bytes.includes(0xa0))
        expect(await read(bytes)).toEqual(linesOf(bytes))
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})
