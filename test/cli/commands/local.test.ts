// The commands as a user types them: arguments in; what is printed, written and left running out.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const COMMAND = ['--import', 'tsx', 'cli/main.ts']
const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function typed(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, ...args], {
    cwd: ROOT,
    input,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('a mistake', () => {
  it.each([
    [2, ['local'], '--events FILE is missing'],
    [1, ['local', '--events', '/no/such/file'], '/no/such/file: there is no such file'],
    [1, ['local', '--events', tmpdir()], 'is a folder'],
    [2, ['local', '--events', 'package.json', '--setting', 'gap=0'], "setting gap: '0' is not a duration of 1s to 1d"],
    [2, ['local', '--events', 'package.json', '--setting', 'gap'], 'Expected name=value'],
    [2, ['local', '--events', 'package.json', '--setting', 'gapp=1h'], "setting 'gapp' does not exist"],
    [1, ['local', '--events', 'package.json', '--out', 'package.json/x'], 'cannot be made a folder'],
    [1, ['local', '--events', 'package.json', '--out', '/proc/x'], 'cannot be made a folder'],
    [2, ['local', '--events', 'package.json', '--port', '0'], 'Expected a port'],
    [2, ['local', '--events', 'package.json', '--data', ''], 'Expected a path'],
    [2, ['local', '--events', 'package.json', '--out', ''], 'Expected a path'],
  ])('with exit code %d: %j is told in a sentence', (code, args, sentence) => {
    const { status, stderr, stdout } = typed(args)
    expect(status).toBe(code)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stdout).toBe('')
  })

  it('is an endpoint where nobody answers, told in a sentence', () => {
    const { status, stderr } = typed(['local', '--events', 'package.json'], '', {
      KINESIS_ENDPOINT: 'http://127.0.0.1:9',
    })
    expect(status).toBe(1)
    expect(stderr).toContain('127.0.0.1:9')
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it.each([
    ['kinesis', 'kinesis is not the folder that a run leaves there'],
    ['dynamodb.sqlite', 'dynamodb.sqlite is not the database that a run leaves there'],
    ['positions.json', 'positions.json is not as a run leaves it'],
  ])('is a data folder with a %s of something else, told by its name', (name, sentence) => {
    const data = mkdtempSync(join(folder, 'data-'))
    writeFileSync(join(data, name), 'junk')
    const { status, stderr } = typed(['local', '--events', 'package.json', '--data', data])
    expect(status).toBe(1)
    expect(stderr).toBe(`${join(data, sentence)}: give --data another folder\n`)
    expect(existsSync(join(data, 'lock'))).toBe(false)
  })

  it('is a broken database of the stream, told by its name though nobody catches it', () => {
    const data = mkdtempSync(join(folder, 'data-'))
    mkdirSync(join(data, 'kinesis'))
    writeFileSync(join(data, 'kinesis', 'CURRENT'), 'junk')
    const { status, stderr } = typed(['local', '--events', 'package.json', '--data', data])
    expect(status).toBe(1)
    expect(stderr).toContain('Failed: Corruption: CURRENT')
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('is a data folder where the endpoints are somebody else’s', () => {
    const { status, stderr } = typed(['local', '--events', 'package.json', '--data', folder], '', {
      S3_ENDPOINT: 'http://127.0.0.1:9',
    })
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^--data keeps what emulators hold: .*\n$/)])
  })

  it('is a busy port, told by its number', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const child = spawn(process.execPath, [...COMMAND, 'local', '--events', 'package.json', '--port', String(port)], {
      cwd: ROOT,
    })
    let stderr = ''
    child.stderr.on('data', (text) => (stderr += text))
    const status = await new Promise((resolve) => child.on('close', resolve))
    server.close()
    expect(status).toBe(1)
    expect(stderr).toContain(`port ${port} is in use`)
  })
})

describe('local', () => {
  it('writes the summary and the results, counts a bad line, and prints nothing into a pipe', () => {
    const log = join(folder, 'log.ndjson')
    writeFileSync(log, '{"type":"Search","user":1,"query":"dogs","time":"2026-03-02T00:00:00Z"}\nnot an event\n\n')
    const out = join(folder, 'out')
    expect(typed(['local', '--events', log, '--out', out])).toEqual({ status: 0, stdout: '', stderr: '' })
    const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))
    expect(summary).toMatchObject({ eventsIn: 2, accepted: 1, rejected: { 'not-json': 1 }, searches: 1, ctr: 0 })
    const rows = readFileSync(join(out, 'results.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map((row) => row.sk.split('#')[0])).toEqual(['search', 'session'])
  })

  it('prints a table of what came on standard input', () => {
    const { status, stdout } = typed(['local', '--events', '-'], '{"type":"Search","user":1,"query":"dogs"}\n')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^searches +1$/m)
    expect(stdout).toMatch(/^click-through rate +0\.0 %$/m)
  })

  it('leaves its endpoints up with --keep, and nothing at all after Ctrl-C', async () => {
    const child = spawn(process.execPath, [...COMMAND, 'local', '--keep', folder], { cwd: ROOT })
    let printed = ''
    const isUp = new Promise<void>((resolve) =>
      child.stdout.on('data', (text) => {
        printed += text
        if (printed.includes('Open and closed sessions are in')) resolve()
      }),
    )
    await isUp
    const endpoints = [...new Set(printed.match(/http:\/\/127\.0\.0\.1:\d+/g))]
    expect(endpoints).toHaveLength(4)
    for (const endpoint of endpoints) await expect(fetch(endpoint)).resolves.toBeDefined()
    const ended = new Promise((resolve) => child.on('close', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    for (const endpoint of endpoints) await expect(fetch(endpoint)).rejects.toThrow()
    expect(existsSync(join(folder, 'local.json'))).toBe(false)
  })
})

describe('local --data', () => {
  const search = (user: number): string =>
    `${JSON.stringify({ type: 'Search', user, query: 'dogs', time: '2026-03-02T00:00:00Z', eventId: 'e' })}\n`
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('adds up the logs that are played into one folder, and refuses another one under a name that it knows', () => {
    const data = join(folder, 'data')
    const first = written('first.ndjson', `${search(1)}${search(2)}${search(1)}not an event\n`)
    const play = (events: string) => typed(['local', '--events', events, '--data', data, '--out', data])
    const summary = () => JSON.parse(readFileSync(join(data, 'summary.json'), 'utf8'))
    expect(play(first)).toMatchObject({ status: 0, stderr: '' })
    expect(summary()).toMatchObject({ eventsIn: 4, accepted: 2, duplicates: 1, rejected: { 'not-json': 1 } })

    expect(play(written('second.ndjson', search(2) + search(3)))).toMatchObject({ status: 0, stderr: '' })
    const both = { eventsIn: 6, accepted: 3, duplicates: 2, rejected: { 'not-json': 1 }, users: 3 }
    expect(summary()).toMatchObject(both)

    expect(play(join(folder, 'x', '..', 'first.ndjson'))).toMatchObject({ status: 0, stderr: '' })
    expect(summary()).toMatchObject(both)

    written('first.ndjson', search(7) + search(8) + search(9))
    const { status, stderr } = play(first)
    expect(status).toBe(1)
    expect(stderr).toBe(`${first} does not begin with the 4 lines that ${data} has of it: give --data another folder\n`)
  })

  it('lets one run at a time use a folder', async () => {
    const data = join(folder, 'one at a time')
    const child = spawn(process.execPath, [...COMMAND, 'local', '--keep', folder, '--data', data], { cwd: ROOT })
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
    const { status, stderr } = typed(['local', '--events', 'package.json', '--data', data])
    expect(status).toBe(1)
    expect(stderr).toMatch(new RegExp(`^another run uses ${data} .*\n$`))
    const ended = new Promise((resolve) => child.on('close', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(existsSync(join(data, 'lock'))).toBe(false)
  })
})
