// A folder in; a shell that runs one block after the other in it, and keeps its variables, out.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Ran {
  /** Of the first command that failed, else 0. */
  readonly exitCode: number
  /** Standard output and standard error, as a terminal shows them. */
  readonly printed: string
}

export interface PageShell {
  run(command: string): Promise<Ran>
  /** Starts what stays up until Ctrl-C, and returns when it says so. What stayed up before is ended first. */
  keep(command: string): Promise<Ran>
  /** Returns what was said last by what should have stayed up and did not, else null. */
  close(): Promise<string | null>
}

/** Longer than the demo on a busy machine. */
const BLOCK_MS_MAX = 10 * 60_000
const KEPT_MS_MAX = 3 * 60_000
const IS_UP = /until Ctrl-C[\s\S]*\n$/

export interface Folders {
  /** Where commands are run. */
  readonly work: string
  /** Outside of it, for the blocks as files. */
  readonly scratch: string
}

export function openShell({ work, scratch }: Folders, env: NodeJS.ProcessEnv): PageShell {
  const options = { cwd: work, env, detached: true, stdio: 'pipe' } as const
  const shell = spawn('bash', ['--noprofile', '--norc'], options)
  let kept: ChildProcess | null = null
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
    keep: async (command) => {
      await interrupt(kept)
      laterText = ''
      kept = spawn('bash', ['--noprofile', '--norc', '-c', `exec 2>&1\n${command}`], options)
      const printed = await gather(kept, (text) => IS_UP.test(text), KEPT_MS_MAX)
      const hear = (chunk: Buffer): void => {
        laterText += chunk.toString()
      }
      kept.stdout?.on('data', hear)
      return { exitCode: kept.exitCode ?? 0, printed }
    },
    close: async () => {
      const hasEnded = kept !== null && kept.exitCode !== null
      await interrupt(kept)
      shell.stdin.end()
      if (shell.exitCode === null) await once(shell, 'exit')
      return hasEnded ? laterText : null
    },
  }
}

/** What it prints from now on, until that is enough, or it ends, or the time is over: then it is ended. */
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
      // What nobody listens to would fill the pipe.
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

/** As Ctrl-C does: to all that it started. */
async function interrupt(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  signal(child, 'SIGINT')
  await ended
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, name)
}
