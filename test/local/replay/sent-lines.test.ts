// Checks that a log is recognized by its lines that are in a stream.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isSentLines, linesDigest, replaceFile, resumedDigest } from '../../../local/replay/sent-lines.ts'

async function* toLines(texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

function sentOf(texts: readonly string[]) {
  const digest = linesDigest()
  for (const text of texts) digest.add(Buffer.from(text))
  return digest.sent()
}

describe('a resumed digest', () => {
  it('continues as if the lines before it had been added one by one', async () => {
    const resumed = await resumedDigest(toLines(['a', 'b', 'c']), sentOf(['a', 'b']))
    expect(resumed?.sent()).toEqual(sentOf(['a', 'b']))
    resumed?.add(Buffer.from('c'))
    expect(resumed?.sent()).toEqual(sentOf(['a', 'b', 'c']))
  })

  it('starts anew where no line was sent', async () => {
    expect((await resumedDigest(toLines([]), sentOf([])))?.sent()).toEqual({ ...sentOf([]), lines: 0 })
  })

  it.each([
    ['another line', ['a', 'x', 'c']],
    ['another order', ['b', 'a']],
    ['fewer lines', ['a']],
    ['no line', []],
    ['lines that end elsewhere', ['ab', '']],
  ])('is null for a log with %s', async (_, texts) => {
    expect(await resumedDigest(toLines(texts), sentOf(['a', 'b']))).toBeNull()
  })
})

it.each([
  null,
  5,
  [],
  {},
  { lines: 1 },
  { lines: -1, digest: '' },
  { lines: 0.5, digest: '' },
  { lines: 1, digest: 2 },
])('a record of another shape is none: %j', (value) => expect(isSentLines(value)).toBe(false))

it('replacing a file leaves the new content and no other file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-sent-lines-'))
  for (const lines of [1, 2]) replaceFile(join(folder, 'record.json'), { lines, digest: 'd' })
  expect(readdirSync(folder)).toEqual(['record.json'])
  expect(JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8'))).toEqual({ lines: 2, digest: 'd' })
  rmSync(folder, { recursive: true })
})
