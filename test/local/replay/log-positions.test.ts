// Positions of logs: what is read and recorded in, where the next run goes on, and what it refuses, out.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { logPositions } from '../../../local/replay/log-positions.ts'
import { UserError } from '../../../terminal/user-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-positions-'))
const path = join(folder, 'positions.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => rmSync(path, { force: true }))

async function* toLines(texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

/** Plays a log as the producer does, recording before every line beyond `until`; ends there as a kill would. */
async function play(name: string, texts: readonly string[], until = Number.POSITIVE_INFINITY): Promise<string[]> {
  const position = logPositions(folder).of(name)
  const sent: string[] = []
  let count = 0
  for await (const line of position.checked(toLines(texts))) {
    if (count === until) return sent
    if (count >= position.skip) sent.push(line.toString())
    position.record(count)
    count++
  }
  position.record(count)
  position.end(count)
  return sent
}

describe('a log that is played again', () => {
  it('goes on behind what is in the stream', async () => {
    expect(await play('/a', ['1', '2', '3'])).toEqual(['1', '2', '3'])
    expect(await play('/a', ['1', '2', '3', '4'])).toEqual(['4'])
    expect(await play('/a', ['1', '2', '3', '4'])).toEqual([])
  })

  it('goes on after a kill with what is not known to be in the stream', async () => {
    await play('/a', ['1', '2', '3', '4'], 3)
    expect(logPositions(folder).of('/a').skip).toBe(2)
    expect(await play('/a', ['1', '2', '3', '4'])).toEqual(['3', '4'])
  })

  it.each([
    ['other lines', ['1', 'x', '3']],
    ['other lines and more of them', ['x', '2', '3', '4', '5']],
    ['the same lines in another order', ['2', '1', '3']],
    ['lines that are cut elsewhere', ['12', '', '3']],
    ['fewer lines', ['1', '2']],
    ['nothing', []],
  ])('is refused with %s under its name, before anything of it is sent', async (_, texts) => {
    await play('/logs/a.ndjson', ['1', '2', '3'])
    const stored = readFileSync(path, 'utf8')
    await expect(play('/logs/a.ndjson', texts)).rejects.toThrow(
      new UserError(
        `/logs/a.ndjson does not begin with the 3 lines that ${folder} has of it: give --data another folder`,
      ),
    )
    expect(readFileSync(path, 'utf8')).toBe(stored)
  })

  it('is refused from standard input too when it is another one', async () => {
    await play('-', ['1', '2'])
    expect(await play('-', ['1', '2', '3'])).toEqual(['3'])
    await expect(play('-', ['9', '9', '9', '9'])).rejects.toThrow(/^standard input does not begin with the 3 lines/)
  })
})

describe('a second log', () => {
  it('is played whole, and the events of the first are known beside it', async () => {
    await play('/a', ['1', '2', '3'])
    expect(await play('/b', ['1', '2'])).toEqual(['1', '2'])
    const positions = logPositions(folder)
    expect(positions.eventsBeside(new Set(['/b']))).toBe(3)
    expect(positions.eventsBeside(new Set(['/a']))).toBe(2)
    expect(positions.eventsBeside(new Set(['/a', '/b']))).toBe(0)
  })

  it('waits for the end of a first that was killed, since nobody knows how much of that is in the stream', async () => {
    await play('/a', ['1', '2', '3'], 1)
    await expect(play('/b', ['1'])).rejects.toThrow(
      new UserError(`${folder} holds a part of /a: run that log to its end first`),
    )
    await play('/a', ['1', '2', '3'])
    expect(await play('/b', ['1'])).toEqual(['1'])
  })

  it('waits for the end of a first that has grown and was killed', async () => {
    await play('/a', ['1'])
    await play('/a', ['1', '2', '3'], 2)
    await expect(play('/b', ['1'])).rejects.toThrow('holds a part of /a')
  })
})

it.each(['', '{', '[]', 'null', '{"/a":5}', '{"/a":{"lines":-1,"digest":"","events":0}}', '{"/a":{"lines":1}}'])(
  'positions that no run left are told by their file: %s',
  (text) => {
    writeFileSync(path, text)
    expect(() => logPositions(folder)).toThrow(
      new UserError(`${path} is not as a run leaves it: give --data another folder`),
    )
  },
)

it('nothing is remembered without a folder', async () => {
  const positions = logPositions(null)
  const position = positions.of('/a')
  for await (const _ of position.checked(toLines(['1']))) position.record(0)
  position.end(1)
  expect(positions.of('/a').skip).toBe(0)
  expect(positions.eventsBeside(new Set())).toBe(0)
})
