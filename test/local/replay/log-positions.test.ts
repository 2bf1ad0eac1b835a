// Checks that a run continues a log where the last one stopped, and refuses another log.

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

/** Replays a log as the producer does. Stops before line `until`, as if the run was killed. */
async function replay(name: string, texts: readonly string[], until = Number.POSITIVE_INFINITY): Promise<string[]> {
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

describe('a log that is replayed again', () => {
  it('continues after the lines that are in the stream', async () => {
    expect(await replay('/a', ['1', '2', '3'])).toEqual(['1', '2', '3'])
    expect(await replay('/a', ['1', '2', '3', '4'])).toEqual(['4'])
    expect(await replay('/a', ['1', '2', '3', '4'])).toEqual([])
  })

  it('continues after a kill with the lines that are not recorded', async () => {
    await replay('/a', ['1', '2', '3', '4'], 3)
    expect(logPositions(folder).of('/a').skip).toBe(2)
    expect(await replay('/a', ['1', '2', '3', '4'])).toEqual(['3', '4'])
  })

  it.each([
    ['other lines', ['1', 'x', '3']],
    ['other lines and more of them', ['x', '2', '3', '4', '5']],
    ['the same lines in another order', ['2', '1', '3']],
    ['lines that end elsewhere', ['12', '', '3']],
    ['fewer lines', ['1', '2']],
    ['no lines', []],
  ])('refuses a log with %s under the same name before it sends a line', async (_, texts) => {
    await replay('/logs/a.ndjson', ['1', '2', '3'])
    const stored = readFileSync(path, 'utf8')
    await expect(replay('/logs/a.ndjson', texts)).rejects.toThrow(
      new UserError(
        `/logs/a.ndjson does not begin with the 3 lines that ${folder} has of it: give --data another folder`,
      ),
    )
    expect(readFileSync(path, 'utf8')).toBe(stored)
  })

  it('refuses another log from standard input too', async () => {
    await replay('-', ['1', '2'])
    expect(await replay('-', ['1', '2', '3'])).toEqual(['3'])
    await expect(replay('-', ['9', '9', '9', '9'])).rejects.toThrow(/^standard input does not begin with the 3 lines/)
  })
})

describe('a second log', () => {
  it('replays a second log whole, and counts the events of the first beside it', async () => {
    await replay('/a', ['1', '2', '3'])
    expect(await replay('/b', ['1', '2'])).toEqual(['1', '2'])
    const positions = logPositions(folder)
    expect(positions.eventsBeside(new Set(['/b']))).toBe(3)
    expect(positions.eventsBeside(new Set(['/a']))).toBe(2)
    expect(positions.eventsBeside(new Set(['/a', '/b']))).toBe(0)
  })

  it('refuses a second log until the first, whose run was killed, is complete', async () => {
    await replay('/a', ['1', '2', '3'], 1)
    await expect(replay('/b', ['1'])).rejects.toThrow(
      new UserError(`${folder} holds a part of /a: run that log to its end first`),
    )
    await replay('/a', ['1', '2', '3'])
    expect(await replay('/b', ['1'])).toEqual(['1'])
  })

  it('refuses a second log until the first, which grew before a kill, is complete', async () => {
    await replay('/a', ['1'])
    await replay('/a', ['1', '2', '3'], 2)
    await expect(replay('/b', ['1'])).rejects.toThrow('holds a part of /a')
  })
})

it.each(['', '{', '[]', 'null', '{"/a":5}', '{"/a":{"lines":-1,"digest":"","events":0}}', '{"/a":{"lines":1}}'])(
  'refuses a file of positions that no run wrote: %s',
  (text) => {
    writeFileSync(path, text)
    expect(() => logPositions(folder)).toThrow(
      new UserError(`${path} is not as a run leaves it: give --data another folder`),
    )
  },
)

it('records nothing without a folder', async () => {
  const positions = logPositions(null)
  const position = positions.of('/a')
  for await (const _ of position.checked(toLines(['1']))) position.record(0)
  position.end(1)
  expect(positions.of('/a').skip).toBe(0)
  expect(positions.eventsBeside(new Set())).toBe(0)
})
