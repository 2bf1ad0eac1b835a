// Checks that several commands run in one process, each with streams of its own.

import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { runCommand } from '../../cli/program.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { objectsIn, PROGRAM, testTerminal, typed } from '../support/typed.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-run-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const log = (name: string, ...lines: string[]): string => {
  writeFileSync(join(folder, name), lines.join('\n'))
  return name
}
const OPEN = '{"type":"AppOpen","user":"ann"}'

describe('commands in one process', () => {
  it('two commands at the same time print to their own streams', async () => {
    const [good, bad] = await Promise.all([
      typed(['produce', log('good.ndjson', OPEN, OPEN), '--dry-run'], folder),
      typed(['produce', log('bad.ndjson', OPEN, '{'), '--dry-run'], folder),
    ])
    expect(good).toMatchObject({ status: EXIT.done, stdout: '2 good events. Nothing was sent.\n' })
    expect(bad).toMatchObject({ status: EXIT.findings, stdout: '1 good event. Nothing was sent.\n' })
    expect(bad.stderr).toContain('line 2: not-json')
  })

  it('a command leaves the exit code of the process alone', async () => {
    const { exitCode } = process
    expect((await typed(['produce', log('bad.ndjson', '{'), '--dry-run'], folder)).status).toBe(EXIT.findings)
    expect((await typed(['nonsense'], folder)).status).toBe(EXIT.wrongUsage)
    expect(process.exitCode).toBe(exitCode)
  })

  it('a command reads standard input and relative paths from its own shell', async () => {
    const { stdout } = await typed(['produce', '-', '--dry-run', '--json'], folder, `${OPEN}\n`)
    expect(objectsIn(stdout)).toMatchObject([{ lines: 1, events: 1, bad: 0, withoutTime: 1 }])
    expect(await typed(['produce', 'good.ndjson', '--dry-run'], tmpdir())).toMatchObject({
      status: EXIT.failed,
      stderr: 'good.ndjson: there is no such file\n',
    })
  })

  it('produce reads a log that gzip packed', async () => {
    writeFileSync(join(folder, 'packed.ndjson.gz'), gzipSync(`${OPEN}\n${OPEN}\n`))
    expect(await typed(['produce', 'packed.ndjson.gz', '--dry-run'], folder)).toMatchObject({
      status: EXIT.done,
      stdout: '2 good events. Nothing was sent.\n',
    })
  })

  it('produce ends with where events are described if no event is good', async () => {
    const { status, stderr } = await typed(['produce', log('none.ndjson', '{', '7'), '--dry-run'], folder)
    expect(status).toBe(EXIT.findings)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^No event is good: docs\/events\.md /)
    const some = await typed(['produce', log('some.ndjson', '{', OPEN), '--dry-run'], folder)
    expect(some.stderr).not.toContain('docs/events.md')
  })

  it('produce names an empty log', async () => {
    const { status, stderr } = await typed(['produce', log('empty.ndjson', '', ' '), '--dry-run'], folder)
    expect([status, stderr]).toEqual([EXIT.done, 'empty.ndjson is empty: it holds no line.\n'])
  })

  it('DEBUG=1 adds no stack trace to a mistake of the user', async () => {
    const { stderr } = await typed(['results', '--user', 'ann', '--local', folder], folder, '', { DEBUG: '1' })
    expect(stderr.split('\n')).toHaveLength(2)
  })
})

describe('a start', () => {
  const startIn = (cwd: string, program: string): Promise<string> =>
    new Promise((resolve) => {
      let stderr = ''
      const child = spawn(process.execPath, [program, '--version'], { cwd })
      child.stderr.on('data', (text) => {
        stderr += text
      })
      child.on('close', (code) => resolve(`${code} ${stderr}`))
    })

  it('a checkout without its packages is reported with what to type', async () => {
    const checkout = mkdtempSync(join(folder, 'checkout-'))
    cpSync(PROGRAM, join(checkout, 'search-ctr.mjs'))
    writeFileSync(join(checkout, 'main.ts'), '')
    const printed = await startIn(folder, join(checkout, 'search-ctr.mjs'))
    expect(printed).toBe("1 The packages of this checkout are not installed: run 'npm ci' in it.\n")
  })
})

describe('an interruption', () => {
  it('a command that an interruption ends is named, once', async () => {
    let stderr = ''
    const ended: number[] = []
    const listeners = new Set<() => void>()
    const shell = {
      ...testTerminal(),
      stdin: () => new PassThrough(),
      stderr: new Writable({
        decodeStrings: false,
        write: (text, _, done) => {
          stderr += text
          done()
        },
      }),
      onSignal: (listener: () => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      end: (code: number) => {
        ended.push(code)
      },
    }
    const command = runCommand(['produce', '-', '--dry-run'], shell)
    for (let times = 0; times < 2; times++) for (const listener of listeners) listener()
    expect(await command).toBe(EXIT.interrupted)
    expect([stderr, ended[0]]).toEqual(['search-session-ctr produce was interrupted.\n', EXIT.interrupted])
  })
})

describe('a closed pipe', () => {
  const failing = (code: string): Writable =>
    new Writable({
      write: (_text, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
    })

  it('a reader that closes the pipe ends the command with its exit code so far', async () => {
    const shell = { ...testTerminal(), stdout: failing('EPIPE') }
    expect(await runCommand(['generate', '--users', '1'], shell)).toBe(EXIT.done)
  })

  it('a reader that closes the pipe before the help is there gets no message', async () => {
    const child = spawn(process.execPath, [PROGRAM, '--help'])
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    const status = await new Promise((resolve) => child.on('close', resolve))
    expect([status, stderr]).toEqual([EXIT.done, ''])
  })

  it('another error of the output ends the command as failed', async () => {
    let stderr = ''
    const shell = {
      ...testTerminal(),
      stdout: failing('ENOSPC'),
      stderr: new Writable({
        decodeStrings: false,
        write: (text, _, done) => {
          stderr += text
          done()
        },
      }),
    }
    expect(await runCommand(['generate', '--users', '1'], shell)).toBe(EXIT.failed)
    expect(stderr).toBe('A file cannot be written: no space is left.\n')
  })
})
