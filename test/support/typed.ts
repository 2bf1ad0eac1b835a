// Runs commands as a user types them, and collects what they print and their exit code.

import { spawn } from 'node:child_process'
import { PassThrough, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../cli/program.ts'
import type { Shell, Terminal } from '../../terminal/terminal.ts'

export const PROGRAM = fileURLToPath(new URL('../../cli/search-ctr.mjs', import.meta.url))

export interface Typed {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that may still run. */
export interface Running {
  /** The text that the command has printed so far. */
  stdout(): string
  stderr(): string
  /**
   * Resolves once the command has printed the text on one of its streams; rejects if it ends
   * without.
   */
  prints(text: string): Promise<void>
  /** Interrupts the command as Ctrl-C does. */
  interrupt(): void
  readonly ended: Promise<Typed>
}

export interface StartOptions {
  /** The folder that the command runs in. */
  readonly cwd: string
  /** The whole standard input. */
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Hides the AWS configuration of the person who runs the tests. */
const NO_AWS: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  AWS_SESSION_TOKEN: '',
  AWS_PROFILE: '',
  AWS_REGION: '',
  AWS_DEFAULT_REGION: '',
  AWS_CONFIG_FILE: '/no/such/file',
  AWS_SHARED_CREDENTIALS_FILE: '/no/such/file',
  AWS_EC2_METADATA_DISABLED: 'true',
  DEBUG: '',
}

function environment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const set = Object.entries({ ...process.env, ...NO_AWS, ...env }).filter(([, value]) => value !== '')
  return Object.fromEntries(set) as Record<string, string>
}

/**
 * Starts a command in the process of the tests, which takes milliseconds. The AWS SDK reads the
 * environment of this process, so AWS_ variables need `startProcess`.
 */
export function start(args: readonly string[], { cwd, input = '', env = {} }: StartOptions): Running {
  if (Object.keys(env).some((name) => name.startsWith('AWS_'))) throw new Error('AWS_ variables need startProcess')
  for (const [name, value] of Object.entries(NO_AWS)) {
    if (value === '') delete process.env[name]
    else process.env[name] = value
  }
  const printed = collected()
  const listeners = new Set<() => void>()
  const shell: Shell = {
    stdin: () => {
      const stdin = new PassThrough()
      stdin.end(input)
      return stdin
    },
    stdout: written(printed.out),
    stderr: written(printed.err),
    env: environment(env),
    cwd,
    onSignal: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    end: () => {},
  }
  const ended = runCommand(args, shell).then(printed.end)
  return {
    ...printed.running(ended),
    interrupt: () => {
      for (const listener of listeners) listener()
    },
  }
}

/**
 * Starts a command as the installed program, which takes about a second.
 *
 * @param program that of another checkout.
 */
export function startProcess(
  args: readonly string[],
  { cwd, input = '', env, program = PROGRAM }: StartOptions & { readonly program?: string },
): Running {
  const child = spawn(process.execPath, [program, ...args], { cwd, env: environment(env) })
  const printed = collected()
  child.stdout.on('data', printed.out)
  child.stderr.on('data', printed.err)
  // The command may end before it has read everything.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve)).then(printed.end)
  return { ...printed.running(ended), interrupt: () => child.kill('SIGINT') }
}

/** Runs a command to its end in the process of the tests. */
export function typed(
  args: readonly string[],
  cwd: string,
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Typed> {
  return start(args, { cwd, input, env }).ended
}

/** Runs the installed program to its end. */
export function typedInProcess(
  args: readonly string[],
  cwd: string,
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Typed> {
  return startProcess(args, { cwd, input, env }).ended
}

/** A terminal for code that prints little: nothing shows what it prints. */
export function testTerminal(): Terminal {
  const ignored = written(() => {})
  return {
    stdin: () => new PassThrough().end(),
    stdout: ignored,
    stderr: ignored,
    env: environment(),
    cwd: process.cwd(),
    onSignal: () => () => {},
    end: () => {},
    exitCode: 0,
  }
}

/** Returns a terminal at which a person types the keys once the question is there. */
export function terminalWith(keys: string, question: RegExp): Terminal & { printed(): string } {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  let printed = ''
  const write = (text: unknown, _: unknown, done: () => void): void => {
    const isAsked = question.test(printed)
    printed += String(text)
    if (!isAsked && question.test(printed)) stdin.write(keys)
    done()
  }
  const stderr = Object.assign(new Writable({ decodeStrings: false, write }), { isTTY: true })
  return { ...testTerminal(), stdin: () => stdin, stderr, printed: () => printed }
}

/** The objects that a command printed with `--json`: every line has to be one. */
export function objectsIn(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function written(onText: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write: (text, _, done) => {
      onText(String(text))
      done()
    },
  })
}

function collected() {
  let [stdout, stderr] = ['', '']
  const waiting = new Set<() => void>()
  const check = (): void => {
    for (const one of waiting) one()
  }
  return {
    out: (text: string): void => {
      stdout += text
      check()
    },
    err: (text: string): void => {
      stderr += text
      check()
    },
    end: (status: number | null): Typed => ({ status, stdout, stderr }),
    running: (ended: Promise<Typed>): Omit<Running, 'interrupt'> => ({
      stdout: () => stdout,
      stderr: () => stderr,
      prints: (text) =>
        new Promise((resolve, reject) => {
          const one = (): void => {
            if (!stdout.includes(text) && !stderr.includes(text)) return
            waiting.delete(one)
            resolve()
          }
          waiting.add(one)
          one()
          ended.then(() => reject(new Error(`the command ended without '${text}':\n${stdout}${stderr}`)))
        }),
      ended,
    }),
  }
}
