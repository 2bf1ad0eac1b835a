// Reading a log: its bytes in any chunks in, its lines without the blank ones, byte for byte, out.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logLines } from '../../../local/replay/log-lines.ts'
import { SEED } from '../../support/random-log.ts'

const MARK = [0xef, 0xbb, 0xbf]

async function* inChunks(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}

async function read(...chunks: readonly (Buffer | string)[]): Promise<Buffer[]> {
  const lines: Buffer[] = []
  for await (const line of logLines(inChunks(chunks.map((chunk) => Buffer.from(chunk))))) lines.push(Buffer.from(line))
  return lines
}

async function readTexts(...chunks: readonly (Buffer | string)[]): Promise<string[]> {
  return (await read(...chunks)).map((line) => line.toString('utf8'))
}

describe('a line', () => {
  it('ends at a newline, and at the end of the log', async () => {
    expect(await readTexts('a\nb\n')).toEqual(['a', 'b'])
    expect(await readTexts('a\nb')).toEqual(['a', 'b'])
  })

  it('keeps its carriage return, which JSON takes for a space', async () => {
    expect(await readTexts('{"a":1}\r\n{"b":2}\r\n')).toEqual(['{"a":1}\r', '{"b":2}\r'])
  })

  it('keeps its spaces', async () => expect(await readTexts('  a  \n\tb\n')).toEqual(['  a  ', '\tb']))

  it('keeps bytes that are no UTF-8', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x7d])
    expect(await read(bytes, Buffer.from('\na'))).toEqual([bytes, Buffer.from('a')])
  })

  it('keeps bytes that are no UTF-8 where it has no others, and would be a space in another encoding', async () => {
    expect(await read(Buffer.from([0xa0, 0x0a]))).toEqual([Buffer.from([0xa0])])
  })

  it('keeps a character that a chunk cuts in two', async () => {
    const sent = Buffer.from('{"query":"Fön 🙂"}')
    for (let cut = 0; cut <= sent.length; cut++) {
      expect(await read(sent.subarray(0, cut), sent.subarray(cut))).toEqual([sent])
    }
  })

  it('may be longer than a chunk by far', async () => {
    const chunk = 'a'.repeat(64 * 1024)
    expect((await read(...Array<string>(40).fill(chunk), '\nb')).map((line) => line.length)).toEqual([
      40 * 64 * 1024,
      1,
    ])
  })
})

describe('a line longer than any event', () => {
  it('stays too long to be one, and does not touch the next', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'a')
    const [long, next, ...others] = await read(...Array<Buffer>(17 * 16).fill(chunk), 'a\n{"next":true}\n')
    expect(long?.length).toBeGreaterThan(1024 * 1024)
    expect([next?.toString(), others]).toEqual(['{"next":true}', []])
  })
})

describe('a blank line', () => {
  it.each(['', ' ', '\r', '\t', ' \t \r', ' '.repeat(63)])('is left out: %j', async (blank) => {
    expect(await readTexts(`a\n${blank}\nb\n${blank}`)).toEqual(['a', 'b'])
  })

  it('is left out however long it is', async () => {
    expect(await readTexts(`a\n${' '.repeat(64)}\nb\n${' '.repeat(1000)}\n`)).toEqual(['a', 'b'])
  })

  it('is all that a log may have', async () => {
    expect(await read()).toEqual([])
    expect(await read('')).toEqual([])
    expect(await read('\n\r\n\n')).toEqual([])
  })
})

describe('a byte order mark', () => {
  it('is left out at the beginning of the log, once', async () => {
    expect(await readTexts(Buffer.from(MARK), '{"a":1}\n')).toEqual(['{"a":1}'])
    expect(await read(Buffer.from([...MARK, ...MARK, 0x61]))).toEqual([Buffer.from([...MARK, 0x61])])
  })

  it('is found where chunks cut it', async () => {
    const [first, second, third] = MARK.map((byte) => Buffer.from([byte]))
    expect(await readTexts(first as Buffer, second as Buffer, third as Buffer, 'a\nb')).toEqual(['a', 'b'])
  })

  it('stays where it is not at the beginning', async () => {
    const marked = Buffer.from([...MARK, 0x62])
    expect(await read('a\n', marked)).toEqual([Buffer.from('a'), marked])
    expect(await read('\n', marked)).toEqual([marked])
  })

  it('makes no line by itself', async () => expect(await read(Buffer.from(MARK))).toEqual([]))
})

describe('any log', () => {
  /** Bytes that matter: newlines, spaces, marks, the halves of characters, and anything. */
  const byte = fc.oneof(fc.constantFrom(0x0a, 0x0a, 0x0d, 0x20, 0x61, 0xc3, ...MARK), fc.integer({ min: 0, max: 255 }))
  const log = fc.array(byte, { maxLength: 80 }).map((bytes) => Buffer.from(bytes))

  /** The same, as one would do it with all of the log at hand. */
  function linesOf(bytes: Buffer): Buffer[] {
    const pendingTombstones = bytes.subarray(0, 3).equals(Buffer.from(MARK)) ? bytes.subarray(3) : bytes
    const texts = pendingTombstones.toString('latin1').split('\n')
    return texts.filter((text) => !/^[ \t\r\v\f]*$/.test(text)).map((text) => Buffer.from(text, 'latin1'))
  }

  it('gives the same lines wherever its chunks begin and end', async () => {
    const cuts = fc.array(fc.nat({ max: 80 }), { maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(log, cuts, async (bytes, places) => {
        const sorted = [0, ...places.sort((a, b) => a - b), bytes.length]
        const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
        expect(await read(...chunks)).toEqual(await read(bytes))
      }),
      { seed: SEED },
    )
  })

  it('gives all of its lines that are not blank', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (bytes) => {
        // A line of nothing but byte 0xA0 has a test of its own.
        fc.pre(!bytes.includes(0xa0))
        expect(await read(bytes)).toEqual(linesOf(bytes))
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})
