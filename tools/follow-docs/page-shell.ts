// Runs the blocks of a page in one shell, so that variables last from block to block.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Ran {
  /** Exit code of the first command that failed, else 0. */
  readonly exitCode: number
  /** Standard output and standard error, as a terminal shows them. */
  readonly printed: string
}

export interface PageShell {
  run(command: string): Promise<Ran>
  /** Starts a command that stays up, and returns once it is up. It ends the one before. */
  start(command: string): Promise<Ran>
  /** Returns the last output of a command that ended though it should stay up, else null. */
  close(): Promise<string | null>
}

/** Longer than the demo on a busy machine. */
const BLOCK_MS_MAX = 10 * 60_000
const START_MS_MAX = 3 * 60_000
const IS_UP = /until Ctrl-C[\s\S]*\n$/

export interface Folders {
  /** Commands run here. */
  readonly work: string
  /** Holds the blocks as files, outside of `work`. */
  readonly scratch: string
}

export function openShell({ work, scratch }: Folders, env: NodeJS.ProcessEnv): PageShell {
  const options = { cwd: work, env, detached: true, stdio: 'pipe' } as const
  const shell = spawn('bash', ['--noprofile', '--norc'], options)
  let running: ChildProcess | null = null
  let laterText = ''
  let blocks = 0

  return {
    run: async (command) => {
      const file = join(scratch, `block-${++blocks}.sh`)
      await writeFile(file, `${command}\n`)
      const end = `end of ${file}`
      const printed = gather(shell, (text) => text.includes(`${end} `), BLOCK_MS_MAX)
      shell.stdin.write(`failed=0; trap 'failed=$?' ERR; source '${file}' < /dev/null 2>&1
trap - ERR; printf '%s %s\\n' '${end}' "$failed"\n`)
      const [text = '', status = ''] = (await printed).split(`${end} `)
      return { exitCode: Number.parseInt(status, 10), printed: text }
    },
    start: async (command) => {
      await interrupt(running)
      laterText = ''
      running = spawn('bash', ['--noprofile', '--norc', '-c', `exec 2>&1\n${command}`], options)
      const printed = await gather(running, (text) => IS_UP.test(text), START_MS_MAX)
      const hear = (chunk: Buffer): void => {
        laterText += chunk.toString()
      }
      running.stdout?.on('data', hear)
      return { exitCode: running.exitCode ?? 0, printed }
    },
    close: async () => {
      const hasEnded = running !== null && running.exitCode !== null
      await interrupt(running)
      shell.stdin.end()
      if (shell.exitCode === null) await once(shell, 'exit')
      return hasEnded ? laterText : null
    },
  }
}

/** Collects output until it is enough or the process ends. Kills the process after `msMax`. */
function gather(child: ChildProcess, isEnough: (text: string) => boolean, msMax: number): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const add = (chunk: Buffer): void => {
      text += chunk.toString()
      if (isEnough(text)) finish()
    }
    const finish = (): void => {
      clearTimeout(timer)
      child.stdout?.off('data', add)
      child.stderr?.off('data', add)
      child.off('close', finish)
      // Output without a listener would fill the pipe and block the process.
      child.stdout?.resume()
      child.stderr?.resume()
      resolve(text)
    }
    const timer = setTimeout(() => {
      text += `(ended after ${msMax / 60_000} minutes)\n`
      signal(child, 'SIGKILL')
    }, msMax)
    child.stdout?.on('data', add)
    child.stderr?.on('data', add)
    child.on('close', finish)
  })
}

/** Interrupts the process and all that it started, as Ctrl-C does. */
async function interrupt(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  signal(child, 'SIGINT')
  await ended
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, name)
}
