// The commands as a user types them: arguments in; what is printed, written and left running out.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COMMAND = ['--import', 'tsx', 'cli/main.ts']
const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TABLES = ['--sessions', 's', '--results', 'r', '--bucket', 'b']

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
    [['local'], '--events FILE is missing'],
    [['local', '--events', '/no/such/file'], '/no/such/file: there is no such file'],
    [['local', '--events', tmpdir()], 'is a folder'],
    [['local', '--events', 'package.json', '--setting', 'gap=0'], "setting gap: '0' is not a duration of 1s to 1d"],
    [['local', '--events', 'package.json', '--setting', 'gap'], 'Expected name=value'],
    [['local', '--events', 'package.json', '--setting', 'gapp=1h'], "setting 'gapp' does not exist"],
    [['local', '--events', 'package.json', '--out', 'package.json/x'], 'cannot be made a folder'],
    [['local', '--events', 'package.json', '--out', '/proc/x'], 'cannot be made a folder'],
    [['local', '--events', 'package.json', '--port', '0'], 'Expected a port'],
    [['forget', '--user', 'ann'], "required option '--sessions <name>' not specified"],
    [['forget', '--user', '', ...TABLES], '--user: expected 1 to 256 characters'],
    [['forget', '--user', 'ü'.repeat(257), ...TABLES], '--user: expected 1 to 256 characters'],
  ])('%j is told in a sentence', (args, sentence) => {
    const { status, stderr, stdout } = typed(args)
    expect(status).toBe(1)
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
    const child = spawn(process.execPath, [...COMMAND, 'local', '--keep'], { cwd: ROOT })
    let printed = ''
    const isUp = new Promise<void>((resolve) =>
      child.stdout.on('data', (text) => {
        printed += text
        if (printed.includes('Open and closed sessions are in')) resolve()
      }),
    )
    await isUp
    const endpoints = [...new Set(printed.match(/http:\/\/127\.0\.0\.1:\d+/g))]
    expect(endpoints).toHaveLength(3)
    for (const endpoint of endpoints) await expect(fetch(endpoint)).resolves.toBeDefined()
    const ended = new Promise((resolve) => child.on('close', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    for (const endpoint of endpoints) await expect(fetch(endpoint)).rejects.toThrow()
  })
})
